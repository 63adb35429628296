"""Derivatives through Keras layers and models, by the means of each backend.

A `Computation` is what is differentiated: a function of some inputs and of Keras variables.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from rnn_reference.gradients import CellGradients
from rnn_reference.network import Array

Function = Callable[[list[Any], list[Any]], list[Any]]
"""Of inputs that are differentiated, and of others that are not (a mask)."""


@dataclass(frozen=True, eq=False)
class Computation:
    """What is differentiated.

    Args:
        function: from inputs and constants to outputs.
        inputs: arrays in whose directions it is differentiated, as it is in those of `variables`.
        constants: arrays that are given to it besides.
        variables: Keras variables that it reads.
        key: names the function: what is compiled for one is used for all of this key.
    """

    function: Function
    inputs: list[Array]
    constants: list[Array]
    variables: list[Any]
    key: Hashable
    compiled: dict[Hashable, Any] = field(default_factory=dict)


class Differentiator:
    """How a backend differentiates."""

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        """Gradients of Σ cotangents · outputs with respect to inputs and variables."""
        raise NotImplementedError("Keras on this backend has no gradients")

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        """How the outputs change when inputs and variables go in this direction."""
        raise NotImplementedError("Keras on this backend has no forward mode")

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        """Gradients of Σ direction · gradients."""
        raise NotImplementedError("Keras on this backend has no second gradients")


class ByTape(Differentiator):
    """TensorFlow."""

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        import tensorflow as tf

        inputs = [tf.constant(array) for array in of.inputs]
        return self._pulled_back(of, inputs, [tf.constant(array) for array in cotangents])

    def _pulled_back(self, of: Computation, inputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Gradients, of tensors."""
        import tensorflow as tf

        sources = [*inputs, *(variable.value for variable in of.variables)]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            outputs = of.function(inputs, of.constants)
        found: list[Any] = tape.gradient(
            outputs, sources, output_gradients=cotangents, unconnected_gradients="zero"
        )
        return [tf.convert_to_tensor(gradient) for gradient in found]  # of a table's rows, maybe

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        import tensorflow as tf

        inputs = [tf.constant(array) for array in of.inputs]
        sources = [*inputs, *(variable.value for variable in of.variables)]
        with tf.autodiff.ForwardAccumulator(sources, [tf.constant(array) for array in direction]) as forward:
            outputs = of.function(inputs, of.constants)
        return [forward.jvp(output, unconnected_gradients="zero") for output in outputs]

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        import tensorflow as tf

        inputs = [tf.constant(array) for array in of.inputs]
        sources = [*inputs, *(variable.value for variable in of.variables)]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            found = self._pulled_back(of, inputs, [tf.constant(array) for array in cotangents])
        second: list[Any] = tape.gradient(
            found,
            sources,
            output_gradients=[tf.constant(array) for array in direction],
            unconnected_gradients="zero",
        )
        return second


class ByTapeInXla(ByTape):
    """TensorFlow, with the tape inside of what XLA compiles: it cannot record a loop from outside."""

    def _pulled_back(self, of: Computation, inputs: list[Any], cotangents: list[Any]) -> list[Any]:
        import tensorflow as tf

        pulled_back = super()._pulled_back

        def inside(inputs: list[Any], cotangents: list[Any]) -> list[Any]:
            return pulled_back(of, inputs, cotangents)

        found: list[Any] = tf.function(inside, jit_compile=True)(inputs, cotangents)
        return found


class ByAutograd(Differentiator):
    """torch."""

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        return self._pulled_back(of, cotangents, again=False)[1]

    def _pulled_back(
        self, of: Computation, cotangents: list[Array], *, again: bool
    ) -> tuple[list[Any], list[Any]]:
        import torch

        inputs = [torch.tensor(array, requires_grad=True) for array in of.inputs]
        outputs = of.function(inputs, of.constants)
        sources = [*inputs, *(variable.value for variable in of.variables)]
        found = torch.autograd.grad(
            outputs,
            sources,
            [torch.tensor(array) for array in cotangents],
            allow_unused=True,
            materialize_grads=True,
            create_graph=again,
        )
        return sources, list(found)

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        import torch

        sources, found = self._pulled_back(of, cotangents, again=True)
        connected = [
            (gradient, torch.tensor(array))
            for gradient, array in zip(found, direction, strict=True)
            if gradient.requires_grad
        ]
        gradients, directions = zip(*connected, strict=True)
        return list(
            torch.autograd.grad(gradients, sources, directions, allow_unused=True, materialize_grads=True)
        )

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        import keras
        import torch

        forward_ad: Any = import_module("torch.autograd.forward_ad")  # it has no types
        arrays = [*of.inputs, *(variable.value.detach().numpy() for variable in of.variables)]
        with torch.no_grad(), forward_ad.dual_level():
            duals = [
                forward_ad.make_dual(torch.tensor(array), torch.tensor(towards))
                for array, towards in zip(arrays, direction, strict=True)
            ]
            inputs, weights = duals[: len(of.inputs)], duals[len(of.inputs) :]
            with keras.StatelessScope(state_mapping=list(zip(of.variables, weights, strict=True))):
                outputs = of.function(inputs, of.constants)
            return [forward_ad.unpack_dual(output).tangent for output in outputs]


class ByJax(Differentiator):
    """JAX; compiled unless it is told not to."""

    def __init__(self, *, compiled: bool = True) -> None:
        self.compiled = compiled

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        import jax

        def pulled_back(sources: list[Any], constants: list[Any], cotangents: list[Any]) -> Any:
            _, pull_back = jax.vjp(lambda sources: self._outputs(of, sources, constants), sources)
            return pull_back(cotangents)[0]

        return list(self._run("gradients", of, pulled_back)(self._sources(of), of.constants, cotangents))

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        import jax

        def pushed(sources: list[Any], constants: list[Any], direction: list[Any]) -> Any:
            return jax.jvp(lambda sources: self._outputs(of, sources, constants), (sources,), (direction,))[1]

        return list(self._run("tangents", of, pushed)(self._sources(of), of.constants, direction))

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        import jax

        def second(
            sources: list[Any], constants: list[Any], cotangents: list[Any], direction: list[Any]
        ) -> Any:
            def first(sources: list[Any]) -> Any:
                _, pull_back = jax.vjp(lambda sources: self._outputs(of, sources, constants), sources)
                return pull_back(cotangents)[0]

            _, pull_back = jax.vjp(first, sources)
            return pull_back(direction)[0]

        return list(self._run("second", of, second)(self._sources(of), of.constants, cotangents, direction))

    def _sources(self, of: Computation) -> list[Any]:
        return [*of.inputs, *(variable.value for variable in of.variables)]

    def _outputs(self, of: Computation, sources: list[Any], constants: list[Any]) -> list[Any]:
        """The function of inputs and variables together."""
        import keras

        inputs, values = sources[: len(of.inputs)], sources[len(of.inputs) :]
        with keras.StatelessScope(state_mapping=list(zip(of.variables, values, strict=True))):
            return of.function(inputs, constants)

    def _run(self, what: str, of: Computation, function: Callable[..., Any]) -> Callable[..., Any]:
        import jax

        if not self.compiled:
            return function
        key = (what, of.key)
        if key not in of.compiled:
            of.compiled[key] = jax.jit(function)
        compiled: Callable[..., Any] = of.compiled[key]
        return compiled


DIFFERENTIATORS: dict[str, type[Differentiator]] = {
    "tensorflow": ByTape,
    "torch": ByAutograd,
    "jax": ByJax,
    "numpy": Differentiator,
}


def oriented(kernels: Sequence[Array]) -> CellGradients:
    """kernel, recurrent_kernel and bias, as the equation has them."""
    return CellGradients(kernels[0].T, kernels[1].T, *kernels[2:])


def as_kernels(cell: CellGradients) -> list[Array]:
    """The other way round; the one bias has the sum of both."""
    biases = [bias for bias in (cell.b, cell.b_h) if bias is not None]
    return [cell.W_x.T, cell.W_h.T, *([sum(biases[1:], start=biases[0])] if biases else [])]
