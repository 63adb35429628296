"""`PaddleAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import paddle
from paddle.incubate.autograd import jvp

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

Tensor: TypeAlias = Any
Tensors: TypeAlias = Sequence[Tensor]


class Returned(NamedTuple):
    """What a call by a route returned.

    Args:
        sequence: (batch, time, directions·hidden), or with the time first.
        h_n: (layers·directions, batch, hidden).
        native: what one call of Paddle took and gave, in the order of `ARRAYS`.
    """

    sequence: Tensor
    h_n: Tensor
    native: tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes a layer for a network, with Paddle's own weights.
        forward: calls what is loaded, with x, h0 or None, and lengths or None.
        wrap: makes of a layer that has its weights what is called.
        reload: gives another layer the weights of a layer, and returns it; at every load.
        evaluated: whether a layer is switched to evaluation for a call that is not one of training.
        time_major: `forward` has the time first.
        within: what `run` calls in.
    """

    conventions: Conventions
    supports: Supports
    make: Callable[[Network], Any]
    forward: Callable[[Any, Tensor, Tensor | None, Tensor | None], Returned]
    wrap: Callable[[Any], Any] = lambda layer: layer
    reload: Callable[[Any, Any], Any] | None = None
    evaluated: Callable[[Call], bool] = lambda call: call.dropout is not None
    time_major: bool = False
    within: Callable[[], AbstractContextManager[Any]] = nullcontext


@dataclass
class Loaded:
    """A layer, what is called, and the network whose options they have."""

    layer: Any
    called: Any
    network: Network


class PaddleAdapter(Adapter[Loaded]):
    """A route into Paddle, put together from its parts."""

    name = "paddle"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports

    def versions(self) -> dict[str, str]:
        return {"paddlepaddle": paddle.__version__, "numpy": np.__version__}

    def load(self, network: Network) -> Loaded:
        layer = self._new(network)
        for held, weight in zip(held_by(layer, network), self._native(network.cells), strict=True):
            held.set_value(weight)
        if self.parts.reload:
            layer = self.parts.reload(layer, self._new(network))
        return Loaded(layer, self.parts.wrap(layer), network)

    def run(self, model: Loaded, call: Call) -> Output:
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        with self.parts.within():
            sequence, h_n, native = self._called(model, call, self._x(call), h0)
        return Output(
            sequence=self._turned(array(sequence)) if call.return_sequences else None,
            final_states=by_layer(model, array(h_n)),
            native_shapes={name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=True)},
        )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        sources, cotangents = self._sources(model, call), self._cotangents(d_sequence, d_final_states)
        outputs = self._called(model, call, *sources[:2])[:2]
        return self._gradients(model, paddle.grad(outputs, sources, cotangents))

    def second_gradients(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        sources, cotangents = self._sources(model, call), self._cotangents(d_sequence, d_final_states)
        outputs = self._called(model, call, *sources[:2])[:2]
        first = paddle.grad(outputs, sources, cotangents, create_graph=True)
        second = paddle.grad(first, sources, self._rates(direction), allow_unused=True)
        zeros = map(paddle.zeros_like, sources)
        found = [zero if each is None else each for each, zero in zip(second, zeros, strict=True)]
        return self._gradients(model, found)

    def tangents(self, model: Loaded, call: Call, direction: Gradients) -> Output:
        """By `paddle.incubate.autograd.jvp`, of a function that puts the weights in their places."""
        held = held_by(model.layer, model.network)
        homes = [(cell, name) for cell in cells_of(model.layer) for name in NAMES if has(cell, name, held)]

        def function(x: Tensor, h0: Tensor, *weights: Tensor) -> Tensors:
            for (cell, name), weight in zip(homes, weights, strict=True):
                object.__setattr__(cell, name, weight)
            try:
                return self._called(model, call, x, h0)[:2]
            finally:
                for cell, name in homes:
                    object.__delattr__(cell, name)

        _, (sequence, h_n) = jvp(function, self._sources(model, call), self._rates(direction))
        return Output(self._turned(array(sequence)), final_states=by_layer(model, array(h_n)))

    def read_weights(self, model: Loaded) -> Network:
        cells = [
            Cell(*found, cell.activation)
            for found, cell in zip(
                self._canonical(model, map(array, held_by(model.layer, model.network))),
                model.network.cells,
                strict=True,
            )
        ]
        each = model.network.layers[0].directions
        return Network(Layer(*cells[i : i + each]) for i in range(0, len(cells), each))

    def assign_weights(self, model: Loaded, network: Network) -> None:
        for held, weight in zip(held_by(model.layer, network), self._native(network.cells), strict=True):
            held.set_value(weight)

    def restored(self, model: Loaded) -> Loaded:
        layer = through_a_file(model.layer, self._new(model.network))
        return Loaded(layer, self.parts.wrap(layer), model.network)

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        roles = [weight.role for weight in self.conventions.weights]
        shapes = [tuple(held.shape) for held in held_by(model.layer, model.network)]
        return [dict(zip(roles, cell, strict=False)) for cell in self._by_cell(model, shapes)]

    def count_parameters(self, model: Loaded) -> int:
        return sum(parameter.size for parameter in model.layer.parameters())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        before = paddle.get_rng_state()
        paddle.seed(seed)
        layer = self._new(like)
        paddle.set_rng_state(before)
        return self.read_weights(Loaded(layer, layer, like))

    def inferred_shapes(
        self, model: Loaded, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        """By a program that is made of the call, for inputs of which the shapes are told."""
        batch, time = (
            None if name in unknown else size
            for name, size in zip(("batch", "time"), call.x.shape[:2], strict=True)
        )
        dtype = str(call.x.dtype)
        x = (time, batch) if self.parts.time_major else (batch, time)
        specs = [paddle.static.InputSpec([*x, call.x.shape[2]], dtype), None, None]
        if call.initial_states is not None:
            states = np.concatenate(call.initial_states)
            specs[1] = paddle.static.InputSpec([len(states), batch, states.shape[2]], dtype)
        if call.lengths is not None:
            specs[2] = paddle.static.InputSpec([batch], "int64")
        static = paddle.jit.to_static(model.layer.forward, input_spec=specs, full_graph=True)
        sequence, h_n = static.concrete_program.outputs
        whole = known(sequence.shape)
        types = sorted({str(each.dtype).removeprefix("paddle.") for each in (sequence, h_n)})
        return {
            "program": Shapes(
                sequence=(whole[1], whole[0], whole[2]) if self.parts.time_major else whole,
                final_states=(known(h_n.shape)[1:],) * h_n.shape[0],
                dtype=" and ".join(types),
            )
        }

    def default_states(self, model: Loaded, call: Call) -> States:
        """By the cells, of one layer."""
        x = self._x(call)
        with default_dtype(model.network):
            return (np.stack([array(cell.get_initial_states(x)) for cell in cells_of(model.layer)]),)

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        with self._frozen(model, frozen):
            held = [parameter for parameter in model.layer.parameters() if not parameter.stop_gradient]
            return {"stop_gradient": sum(parameter.size for parameter in held)}

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        """By `backward` and a step of `paddle.optimizer.SGD`."""
        x, d = self._x(call), tensor(self._turned(training.d_sequence))
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        networks, losses = list[Network](), list[float]()
        with self._frozen(model, training.frozen):
            sgd = paddle.optimizer.SGD(training.rate, parameters=model.layer.parameters())
            for step in range(training.steps + 1):
                loss = (d * self._called(model, call, x, h0)[0]).sum()
                losses.append(loss.item())
                if step < training.steps:
                    loss.backward()
                    sgd.step()
                    sgd.clear_grad()
                    networks.append(self.read_weights(model))
        return Trained(tuple(networks), tuple(losses))

    def global_state(self) -> Mapping[str, str]:
        return {
            "default dtype": paddle.get_default_dtype(),
            "grad mode": str(paddle.is_grad_enabled()),
            "device": paddle.get_device(),
        }

    @contextmanager
    def _frozen(self, model: Loaded, layers: tuple[int, ...]) -> Iterator[None]:
        """Weights of these layers that no gradient is taken of."""
        held = held_by(model.layer, model.network)
        each = len(held) // model.network.num_layers
        for index, parameter in enumerate(held):
            parameter.stop_gradient = index // each in layers
        try:
            yield
        finally:
            for parameter in held:
                parameter.stop_gradient = False

    def _new(self, network: Network) -> Any:
        """A new layer."""
        with default_dtype(network):
            return self.parts.make(network)

    def _called(self, model: Loaded, call: Call, x: Tensor, h0: Tensor | None) -> Returned:
        """The call with all of its options."""
        layer = model.layer
        if hasattr(layer, "dropout"):
            layer.dropout = call.rate if call.dropout == "between layers" else 0.0
        if hasattr(layer, "is_reverse"):
            layer.is_reverse = call.go_backwards
        (layer.train if call.training or not self.parts.evaluated(call) else layer.eval)()
        lengths = None if call.lengths is None else tensor(call.lengths)
        with default_dtype(model.network):
            return self.parts.forward(model.called, x, h0, lengths)

    def _x(self, call: Call) -> Tensor:
        """The input in the axes of this route."""
        return tensor(self._turned(call.x))

    def _turned(self, sequence: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return sequence.swapaxes(0, 1) if self.parts.time_major and sequence.ndim > 1 else sequence

    def _native(self, cells: Iterable[Cell]) -> list[Array]:
        """The weights of cells as Paddle holds them, in the order of `held_by`."""
        weights = self.conventions.weights
        return [each for cell in cells for each in native_arrays(weights, [cell]).values()]

    def _by_cell(self, model: Loaded, found: Iterable[Any]) -> Iterator[list[Any]]:
        """What belongs to each weight, in the order of `held_by`, cell by cell."""
        each = iter(found)
        for cell in model.network.cells:
            yield [next(each) for _ in range(4 if cell.biases else 2)]

    def _canonical(self, model: Loaded, found: Iterable[Array]) -> list[CellGradients]:
        """The weights of each cell, or what has their shapes, as Paddle holds them."""
        weights = self.conventions.weights
        names = [weight.name for weight in weights]
        cells = [dict(zip(names, cell, strict=False)) for cell in self._by_cell(model, found)]
        return [CellGradients(**canonical_weights(weights, cell)[0]) for cell in cells]

    def _sources(self, model: Loaded, call: Call) -> list[Tensor]:
        """What is differentiated with respect to: x, h0 and the weights."""
        assert call.initial_states is not None
        given = [self._x(call), tensor(np.concatenate(call.initial_states))]
        for each in given:
            each.stop_gradient = False
        return [*given, *held_by(model.layer, model.network)]

    def _rates(self, direction: Gradients) -> list[Tensor]:
        """A direction of change, in the order of `_sources`."""
        weights = self._native(Cell(*cell) for cell in direction.cells)
        return [*self._cotangents(direction.x, direction.initial_states), *map(tensor, weights)]

    def _cotangents(self, of_sequence: Array, of_states: States) -> list[Tensor]:
        return [tensor(self._turned(of_sequence)), tensor(np.concatenate(of_states))]

    def _gradients(self, model: Loaded, found: Iterable[Tensor]) -> Gradients:
        """Gradients in the order of `_sources` as those of a network."""
        d_x, d_h0, *others = map(array, found)
        cells = tuple(self._canonical(model, others))
        return Gradients(self._turned(d_x), by_layer(model, d_h0), cells)


NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
"""Of the weights of a cell."""


@contextmanager
def default_dtype(network: Network) -> Iterator[None]:
    """Paddle's default type, which is that of new layers and of the states that cells start from."""
    before = paddle.get_default_dtype()
    paddle.set_default_dtype(str(network.dtype))
    try:
        yield
    finally:
        paddle.set_default_dtype(before)


def cells_of(layer: Any) -> list[Any]:
    """The cells in a layer: bottom layer first, forward before backward."""
    every = layer.sublayers(include_self=True)
    return [each for each in every if isinstance(each, paddle.nn.SimpleRNNCell)]


def held_by(layer: Any, network: Network) -> list[Tensor]:
    """The weights of a layer, cell by cell. A cell without bias has biases, too, which are not trained."""
    return [
        getattr(own, name)
        for own, cell in zip(cells_of(layer), network.cells, strict=True)
        for name in (NAMES if cell.biases else NAMES[:2])
    ]


def has(cell: Any, name: str, held: Tensors) -> bool:
    """Whether a weight of a cell is among these."""
    return any(getattr(cell, name) is each for each in held)


def through_a_file(layer: Any, other: Any) -> Any:
    """Another layer, with the weights of this one, by way of a file."""
    file = io.BytesIO()
    paddle.save(layer.state_dict(), file)
    file.seek(0)
    other.set_state_dict(paddle.load(file))
    return other


def by_layer(model: Loaded, h_n: Array) -> States:
    """(layers·directions, batch, hidden) as (directions, batch, hidden) for each layer."""
    directions = model.network.layers[0].directions
    return tuple(h_n[i : i + directions] for i in range(0, len(h_n), directions))


def known(shape: Iterable[int]) -> tuple[int | None, ...]:
    """A shape in which an unknown size is None; Paddle has −1."""
    return tuple(None if size < 0 else size for size in shape)


def tensor(array: Array) -> Tensor:
    """The same numbers in Paddle, in memory of its own."""
    return paddle.to_tensor(array)


def array(tensor: Tensor) -> Array:
    """The same numbers in NumPy."""
    found: Array = tensor.numpy()
    return found
