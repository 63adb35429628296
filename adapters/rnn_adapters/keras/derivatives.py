"""Derivatives through Keras layers and models, by the means of each backend.

A `Computation` is what is differentiated: a function of some inputs and of Keras variables.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from rnn_adapters import jax_derivatives
from rnn_reference.network import Array

Function: TypeAlias = Callable[[list[Any], list[Any]], list[Any]]
"""Of inputs that are differentiated, and of others that are not (a mask)."""


@dataclass(frozen=True, eq=False)
class Computation:
    """What is differentiated.

    Args:
        function: from inputs and constants to outputs.
        inputs: arrays in whose directions it is differentiated, as it is in those of `variables`.
        constants: arrays that are given to it besides.
        variables: Keras variables that it reads.
        others: those that are not trained, which a call may change: seeds of dropout, kept states.
        compiled: what was compiled for this function, by a name.
        key: what else the function depends on.
    """

    function: Function
    inputs: list[Any]
    constants: list[Array]
    variables: list[Any]
    others: list[Any]
    compiled: dict[Hashable, Any]
    key: Hashable

    def sources(self, inputs: list[Any]) -> list[Any]:
        """Inputs, and then the values of the variables."""
        return [*inputs, *map(held_by, self.variables)]

    def with_variables(
        self, sources: list[Any], constants: list[Any], others: list[Any]
    ) -> tuple[list[Any], list[Any]]:
        """The function, with values in place of those that the variables have; and the others after it."""
        import keras

        inputs, values = sources[: len(self.inputs)], sources[len(self.inputs) :]
        given = zip([*self.variables, *self.others], [*values, *others], strict=True)
        with keras.StatelessScope(state_mapping=list(given)) as scope:
            outputs = self.function(inputs, constants)
        return outputs, [scope.get_current_value(variable) for variable in self.others]

    def go_on_with(self, others: list[Any]) -> None:
        """Hand on what a call without side effects gave back, as `stateless_call` is meant to be used."""
        for variable, value in zip(self.others, others, strict=True):
            variable.assign(value)


def held_by(variable: Any) -> Any:
    """The backend's own of a variable; in Keras 2 the variable is TensorFlow's."""
    return variable if callable(variable.value) else variable.value


class Differentiator:
    """How a backend differentiates; this one does not.

    What is returned are tensors: of inputs, then of variables. Cotangents are cast to the
    type of their outputs, which in mixed precision is another.
    """

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        """Gradients of Σ cotangents · outputs with respect to inputs and variables."""
        raise NotImplementedError

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        """How the outputs change when inputs and variables go in this direction."""
        raise NotImplementedError

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        """Gradients of Σ direction · gradients."""
        raise NotImplementedError


NONE = Differentiator()


class ByTape(Differentiator):
    """TensorFlow: `GradientTape`, and `ForwardAccumulator`."""

    def __init__(self, *, in_xla: bool = False) -> None:
        self.in_xla = in_xla

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        import tensorflow as tf

        # XLA's loop cannot be recorded from outside: the tape is inside of what it compiles.
        pull_back: Any = partial(self._pulled_back, of)
        if self.in_xla:
            compiled = tf.function(pull_back, jit_compile=True)
            pull_back = of.compiled.setdefault(of.key, compiled)
        found: list[Any] = pull_back(list(map(tf.constant, of.inputs)), of.constants, cotangents)
        return found

    def _pulled_back(
        self, of: Computation, inputs: list[Any], constants: list[Any], cotangents: list[Any]
    ) -> list[Any]:
        """Gradients, for tensors."""
        import tensorflow as tf

        sources = of.sources(inputs)
        with tf.GradientTape() as tape:
            tape.watch(sources)
            outputs = of.function(inputs, constants)
        pairs = zip(cotangents, outputs, strict=True)
        incoming = [tf.cast(cotangent, output.dtype) for cotangent, output in pairs]
        found: list[Any] = tape.gradient(outputs, sources, incoming, unconnected_gradients="zero")
        return found

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        import tensorflow as tf

        inputs, towards = ([tf.constant(array) for array in arrays] for arrays in (of.inputs, direction))
        with tf.autodiff.ForwardAccumulator(of.sources(inputs), towards) as forward:
            outputs = of.function(inputs, of.constants)
        return [forward.jvp(output, unconnected_gradients="zero") for output in outputs]

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        def first(inputs: list[Any], constants: list[Any]) -> list[Any]:
            return self._pulled_back(of, inputs, constants, cotangents)

        return self.gradients(replace(of, function=first), direction)


class ByAutograd(Differentiator):
    """torch: `autograd.grad`, and dual numbers."""

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        return self._pulled_back(*self._recorded(of), cotangents)

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        outputs, sources = self._recorded(of)
        first = self._pulled_back(outputs, sources, cotangents, create_graph=True)
        pairs = zip(first, direction, strict=True)
        connected = [(gradient, array) for gradient, array in pairs if gradient.requires_grad]
        gradients, towards = map(list, zip(*connected, strict=True))
        return self._pulled_back(gradients, sources, towards)

    def _recorded(self, of: Computation) -> tuple[list[Any], list[Any]]:
        """Outputs, and the sources whose use in them is recorded."""
        inputs = [_tensor(array).requires_grad_() for array in of.inputs]
        return of.function(inputs, of.constants), of.sources(inputs)

    def _pulled_back(
        self, outputs: list[Any], sources: list[Any], cotangents: list[Array], *, create_graph: bool = False
    ) -> list[Any]:
        """Gradients of Σ cotangents · outputs, with zeros for what plays no part."""
        import torch

        pairs = zip(cotangents, outputs, strict=True)
        incoming = [_tensor(cotangent).to(output.dtype) for cotangent, output in pairs]
        options = {"create_graph": create_graph, "allow_unused": True, "materialize_grads": True}
        return list(torch.autograd.grad(outputs, sources, incoming, **options))

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        import torch

        forward_ad: Any = import_module("torch.autograd.forward_ad")  # it has no types
        with torch.no_grad(), forward_ad.dual_level():
            duals = [
                forward_ad.make_dual(_tensor(source), _tensor(towards))
                for source, towards in zip(of.sources(of.inputs), direction, strict=True)
            ]
            outputs, others = of.with_variables(duals, of.constants, list(map(held_by, of.others)))
            of.go_on_with(others)
            return [forward_ad.unpack_dual(output).tangent for output in outputs]


def _tensor(given: Any) -> Any:
    """A tensor of torch's with memory of its own; it knows no bfloat16 of NumPy's."""
    import torch

    if isinstance(given, np.ndarray):
        given = given.copy()  # torch takes no array that lies backwards
    if getattr(given, "dtype", None) == "bfloat16":
        return torch.tensor(given.view("int16")).view(torch.bfloat16)
    return torch.as_tensor(given).clone()


class ByJax(Differentiator):
    """JAX: `vjp` and `jvp`; compiled unless it is told not to."""

    def __init__(self, *, compiled: bool = True) -> None:
        self.compiled = compiled

    def gradients(self, of: Computation, cotangents: list[Array]) -> list[Any]:
        return self._run(of, jax_derivatives.gradients, cotangents)

    def tangents(self, of: Computation, direction: list[Array]) -> list[Any]:
        return self._run(of, jax_derivatives.tangents, direction)

    def second_gradients(self, of: Computation, cotangents: list[Array], direction: list[Array]) -> list[Any]:
        return self._run(of, jax_derivatives.second_gradients, cotangents, direction)

    def _run(self, of: Computation, derivative: Callable[..., Any], *towards: list[Array]) -> list[Any]:
        """A derivative of the function of inputs and variables together.

        What the call makes of other variables is asked of another trace, of which nothing else is computed.
        """
        import jax

        def taken(
            sources: list[Any], constants: list[Any], others: list[Any], *towards: list[Any]
        ) -> tuple[Any, list[Any]]:
            def function(sources: list[Any]) -> list[Any]:
                return of.with_variables(sources, constants, others)[0]

            after = of.with_variables(sources, constants, others)[1] if others else []
            return derivative(function, sources, *towards), after

        if self.compiled:
            taken = of.compiled.setdefault((derivative, of.key), jax.jit(taken))
        found, after = taken(of.sources(of.inputs), of.constants, list(map(held_by, of.others)), *towards)
        of.go_on_with(after)
        return list(found)
