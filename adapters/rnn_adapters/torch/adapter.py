"""`TorchAdapter`: the contract, carried out by the parts of a route (`Parts`; `routes` puts them together).

Within, arrays have torch's own axes: time first, unless the route has the batch first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_reference.activations import ACTIVATIONS
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

Tensor: TypeAlias = torch.Tensor
Module: TypeAlias = torch.nn.Module
forward_ad: Any = torch.autograd.forward_ad


class Returned(NamedTuple):
    """What a call of a route returned.

    Args:
        sequence: (time, batch, directions·hidden), or with the batch first.
        h_n: (layers·directions, batch, hidden).
        native: what one call of torch took and gave, in the order of `ARRAYS`.
    """

    sequence: Tensor
    h_n: Tensor
    native: tuple[Tensor, Tensor, Tensor]


Function: TypeAlias = Callable[..., Returned]
"""Of x, h0 and perhaps weights, which take the place of the module's own."""


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes the module, of the options of `torch.nn.RNN`.
        wrap: makes of the module what is called; once for each module.
        reload: makes of that, when it has its weights, what is called; at every load.
        forward: calls what is called, with x, h0 or None, and lengths or None.
        batch_first: input and output have the batch first.
        within: what a call is made in, if no gradients are asked for.
        differentiate: gives the gradients of a function at x, h0 and weights, for these cotangents.
        forget: forgets what was compiled.
    """

    conventions: Conventions
    supports: Supports
    make: Callable[..., Module]
    forward: Callable[[Any, Tensor, Tensor | None, Tensor | None], Returned]
    differentiate: Callable[[Function, Sequence[Tensor], Sequence[Tensor], Call], Sequence[Tensor]]
    wrap: Callable[[Module], Module] = lambda module: module
    reload: Callable[[Module], Module] = lambda model: model
    batch_first: bool = False
    within: Callable[[], AbstractContextManager[Any]] = nullcontext
    forget: Callable[[], None] = lambda: None


class TorchAdapter(Adapter[Module]):
    """A route into torch, put together from its parts."""

    name = "torch"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports
        self._built: dict[tuple[Any, ...], Module] = {}

    def versions(self) -> dict[str, str]:
        return {"torch": str(torch.__version__), "numpy": np.__version__}

    def load(self, network: Network) -> Module:
        options = options_of(network)
        key = tuple(options.values())
        if key not in self._built:
            self._built[key] = self._new(options)
        parameters = self._parameters(self._built[key])
        for parameter, weight in zip(parameters, self._native_weights(network.cells), strict=True):
            parameter.detach().copy_(weight)
        return self.parts.reload(self._built[key])

    def run(self, model: Module, call: Call) -> Output:
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        with self.parts.within():
            sequence, h_n, native = self._called(model, call, self._x(call), h0)
        shapes = {name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=True)}
        return self._output(model, sequence if call.return_sequences else None, h_n, shapes)

    def gradients(self, model: Module, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        sources, cotangents = self._sources(model, call), self._cotangents(d_sequence, d_final_states)
        found = self.parts.differentiate(partial(self._called, model, call), sources, cotangents, call)
        return self._gradients(model, found)

    def second_gradients(
        self, model: Module, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        sources, cotangents = self._sources(model, call), self._cotangents(d_sequence, d_final_states)
        outputs = self._called(model, call, *sources[:2])[:2]
        first = torch.autograd.grad(outputs, sources, cotangents, create_graph=True)
        rates = self._rates(direction)
        second = torch.autograd.grad(first, sources, rates, allow_unused=True, materialize_grads=True)
        return self._gradients(model, second)

    def tangents(self, model: Module, call: Call, direction: Gradients) -> Output:
        sources, rates = self._sources(model, call), self._rates(direction)
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(s.detach(), rate) for s, rate in zip(sources, rates, strict=True)]
            sequence, h_n, _ = self._called(model, call, *duals)
            d_sequence, d_h_n = (forward_ad.unpack_dual(output).tangent for output in (sequence, h_n))
        return self._output(model, d_sequence, d_h_n, {})

    def read_weights(self, model: Module) -> Network:
        held: Any = rnn_of(model).nonlinearity
        activation = next(name for name in ACTIVATIONS if name == held)
        weights, directions = self.conventions.weights, directions_of(model)
        cells = [
            Cell(**canonical_weights(weights, arrays)[0], activation=activation)
            for arrays in self._by_cell(model, map(array, self._parameters(model)))
        ]
        return Network(Layer(*cells[i : i + directions]) for i in range(0, len(cells), directions))

    def native_weights(self, model: Module) -> list[dict[str, tuple[int, ...]]]:
        weights, cells = self.conventions.weights, self._by_cell(model, self._parameters(model))
        return [{w.role: tuple(cell[w.name].shape) for w in weights if w.name in cell} for cell in cells]

    def count_parameters(self, model: Module) -> int:
        return sum(parameter.numel() for parameter in model.parameters())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        return self.read_weights(self._new(options_of(like), seed))

    def global_state(self) -> Mapping[str, str]:
        return {
            "default dtype": str(torch.get_default_dtype()),
            "deterministic algorithms": str(torch.are_deterministic_algorithms_enabled()),
            "grad mode": str(torch.is_grad_enabled()),
            "threads": str(torch.get_num_threads()),
        }

    def drop_caches(self) -> None:
        self._built.clear()
        self.parts.forget()

    def _new(self, options: dict[str, Any], seed: int | None = None) -> Module:
        """A new module, wrapped; torch's own generator stays as it was."""
        with torch.random.fork_rng(devices=[]):
            if seed is not None:
                torch.manual_seed(seed)
            return self.parts.wrap(self.parts.make(**options))

    def _called(self, model: Module, call: Call, x: Tensor, h0: Tensor | None, *weights: Tensor) -> Returned:
        """The call with all of its options; with weights in place of the module's own, if any are given."""
        rnn: Any = rnn_of(model)
        rate = call.rate if call.dropout == "between layers" else 0.0
        if getattr(rnn, "dropout", rate) != rate:
            rnn.dropout = rate
        model.train(call.training)
        called: Any = partial(self._functional_call, model, weights) if weights else model
        with mixed_precision(call):
            return self.parts.forward(called, x, h0, None if call.lengths is None else tensor(call.lengths))

    def _functional_call(self, model: Module, weights: Sequence[Tensor], *arguments: Any) -> Any:
        names: dict[Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
        ordered = [names[parameter] for parameter in self._parameters(model)]
        return torch.func.functional_call(model, dict(zip(ordered, weights, strict=True)), arguments)

    def _output(self, model: Module, sequence: Tensor | None, h_n: Tensor, shapes: Any) -> Output:
        return Output(
            sequence=None if sequence is None else self._turned(array(sequence)),
            final_states=by_layer(model, array(h_n)),
            native_shapes=shapes,
        )

    def _x(self, call: Call) -> Tensor:
        """The input in the axes of this route; contiguous if the call's is, else with its strides."""
        usual = call.x.flags.c_contiguous and call.x.flags.aligned
        return tensor(np.ascontiguousarray(self._turned(call.x)) if usual else self._turned(call.x))

    def _turned(self, sequence: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return sequence if self.parts.batch_first or sequence.ndim < 2 else sequence.swapaxes(0, 1)

    def _names(self, model: Module) -> list[dict[str, str]]:
        """For each cell, forward before backward: its parameters by the declared names, where it has them."""
        held = {name.rpartition(".")[2] for name, _ in model.named_parameters()}
        layers, suffixes = getattr(rnn_of(model), "num_layers", 1), ("", "_reverse")[: directions_of(model)]
        declared = [weight.name for weight in self.conventions.weights]
        cells = [
            {n: n.format(layer=i) + suffix for n in declared} for i in range(layers) for suffix in suffixes
        ]
        return [{n: name for n, name in cell.items() if name in held} for cell in cells]

    def _parameters(self, model: Module) -> list[Tensor]:
        """The parameters of all cells, in the order of `_names`."""
        held = {name.rpartition(".")[2]: parameter for name, parameter in model.named_parameters()}
        return [held[name] for cell in self._names(model) for name in cell.values()]

    def _by_cell(self, model: Module, found: Iterable[Any]) -> list[dict[str, Any]]:
        """What belongs to the parameters, in their order, by cell and declared name."""
        following = iter(found)
        return [{name: next(following) for name in cell} for cell in self._names(model)]

    def _native_weights(self, cells: Iterable[Cell]) -> list[Tensor]:
        """The weights of cells as torch holds them, in the order of its parameters."""
        weights = self.conventions.weights
        return [tensor(each) for cell in cells for each in native_arrays(weights, [cell]).values()]

    def _sources(self, model: Module, call: Call) -> list[Tensor]:
        """What is differentiated with respect to: x, h0 and the parameters."""
        assert call.initial_states is not None
        given = self._x(call), tensor(np.concatenate(call.initial_states))
        return [*(each.requires_grad_() for each in given), *self._parameters(model)]

    def _rates(self, direction: Gradients) -> list[Tensor]:
        """A direction of change, in the order of `_sources`."""
        cells = (Cell(*cell) for cell in direction.cells)
        return [*self._cotangents(direction.x, direction.initial_states), *self._native_weights(cells)]

    def _cotangents(self, of_sequence: Array, of_states: States) -> list[Tensor]:
        return [tensor(self._turned(of_sequence)), tensor(np.concatenate(of_states))]

    def _gradients(self, model: Module, found: Iterable[Tensor]) -> Gradients:
        """Gradients in the order of `_sources` as those of a network."""
        dx, d_h0, *others = map(array, found)
        weights, cells = self.conventions.weights, self._by_cell(model, others)
        of_cells = tuple(CellGradients(**canonical_weights(weights, cell)[0]) for cell in cells)
        return Gradients(self._turned(dx), by_layer(model, d_h0), of_cells)


def options_of(network: Network) -> dict[str, Any]:
    """The options of `torch.nn.RNN` that a network needs."""
    bottom = network.layers[0]
    return {
        "input_size": bottom.input_size,
        "hidden_size": bottom.hidden_size,
        "num_layers": network.num_layers,
        "nonlinearity": bottom.forward.activation,
        "bias": bool(bottom.forward.biases),
        "bidirectional": bottom.directions == 2,
        "dtype": getattr(torch, str(network.dtype)),
    }


def rnn_of(model: Module) -> Any:
    """The RNN or RNNCell in what is called, which may wrap it."""
    return next(module for module in model.modules() if hasattr(module, "nonlinearity"))


def directions_of(model: Module) -> int:
    """1, or 2 in a bidirectional RNN."""
    return 1 + getattr(rnn_of(model), "bidirectional", False)


def by_layer(model: Module, h_n: Array) -> States:
    """(layers·directions, batch, hidden) as (directions, batch, hidden) for each layer."""
    directions = directions_of(model)
    return tuple(h_n[i : i + directions] for i in range(0, len(h_n), directions))


def mixed_precision(call: Call) -> AbstractContextManager[Any]:
    """`torch.autocast`, where the call is to compute in a narrow type."""
    if call.compute_dtype is None:
        return nullcontext()
    mixed: AbstractContextManager[Any] = torch.autocast("cpu", dtype=getattr(torch, call.compute_dtype))
    return mixed


def tensor(array: Array) -> Tensor:
    """A tensor that lies in the array's own memory; a copy where it has negative strides."""
    if min(array.strides, default=0) < 0:
        array = array.copy()
    if array.dtype == "bfloat16":  # of which torch and NumPy know, but not of each other's
        return tensor(array.view(np.int16)).view(torch.bfloat16)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def array(tensor: Tensor) -> Array:
    """The array that lies in a tensor's memory."""
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        return array(tensor.view(torch.int16)).view("bfloat16")
    found: Array = tensor.numpy()
    return found
