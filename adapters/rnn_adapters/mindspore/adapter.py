"""`MindsporeAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

import mindspore
import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Trained, Training
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

Tensor: TypeAlias = Any
Tensors: TypeAlias = Sequence[Tensor]
Function: TypeAlias = Callable[..., Tensor]


class Returned(NamedTuple):
    """What a call by a route returned.

    Args:
        sequence: (time, batch, directions·hidden), or with the batch first.
        h_n: (layers·directions, batch, hidden).
        native: what one call of MindSpore took and gave, in the order of `ARRAYS`.
    """

    sequence: Tensor
    h_n: Tensor
    native: tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes a layer for a network.
        forward: calls what is called with x, h0 or None, and lengths or None.
        differentiate: gradients of a function of x and h0 at both, and at some parameters.
        reload: gives another layer the weights of this one, and returns what has them; at every load.
        wrap: what is called in place of a layer.
        batch_first: `forward` has the batch first.
    """

    conventions: Conventions
    supports: Supports
    make: Callable[[Network], Any]
    forward: Callable[[Any, Tensor, Tensor | None, Tensor | None], Returned]
    differentiate: Callable[[Function, Tensors, Tensors], Tensors]
    reload: Callable[[Any, Any], Any] = lambda layer, other: layer
    wrap: Callable[[Any], Any] = lambda layer: layer
    batch_first: bool = False


@dataclass(frozen=True)
class Loaded:
    """A layer, what is called, and the network whose options they have."""

    layer: Any
    called: Any
    network: Network


class MindsporeAdapter(Adapter[Loaded]):
    """A route into MindSpore, put together from its parts."""

    name = "mindspore"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports

    def versions(self) -> dict[str, str]:
        return {"mindspore": mindspore.__version__, "numpy": np.__version__}

    def load(self, network: Network) -> Loaded:
        layer = self.parts.make(network)
        self._assign(layer, network)
        layer = self.parts.reload(layer, self.parts.make(network))
        return Loaded(layer, self.parts.wrap(layer), network)

    def run(self, model: Loaded, call: Call) -> Output:
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        sequence, h_n, native = self._called(model, call, self._x(call), h0)
        return Output(
            sequence=self._turned(sequence.asnumpy()) if call.return_sequences else None,
            final_states=by_layer(model, h_n.asnumpy()),
            native_shapes={name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=True)},
        )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        assert call.initial_states is not None
        given = self._x(call), tensor(np.concatenate(call.initial_states))
        of_sequence, of_states = self._cotangents(d_sequence, d_final_states)

        def weighted(x: Tensor, h0: Tensor) -> Tensor:
            sequence, h_n, _ = self._called(model, call, x, h0)
            return (sequence * of_sequence).sum() + (h_n * of_states).sum()

        held = held_by(model.layer)
        d_x, d_h0, *weights = self.parts.differentiate(weighted, given, held)
        cells = self._canonical(model, (each.asnumpy() for each in weights))
        return Gradients(self._turned(d_x.asnumpy()), by_layer(model, d_h0.asnumpy()), tuple(cells))

    def read_weights(self, model: Loaded) -> Network:
        found = self._canonical(model, (held.asnumpy() for held in held_by(model.layer)))
        cells = iter(
            Cell(*each, cell.activation) for each, cell in zip(found, model.network.cells, strict=True)
        )
        return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in model.network.layers)

    def assign_weights(self, model: Loaded, network: Network) -> None:
        self._assign(model.layer, network)

    def restored(self, model: Loaded) -> Loaded:
        layer = through_checkpoint(model.layer, self.parts.make(model.network))
        return Loaded(layer, self.parts.wrap(layer), model.network)

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        roles = [weight.role for weight in self.conventions.weights]
        shapes = [tuple(held.shape) for held in held_by(model.layer)]
        return [dict(zip(roles, cell, strict=False)) for cell in by_cell(model.network, shapes)]

    def count_parameters(self, model: Loaded) -> int:
        return sum(int(parameter.size) for parameter in model.layer.get_parameters())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """MindSpore draws the weights of `RNN` by NumPy's own generator, and those of cells by its own."""
        before = np.random.get_state()
        mindspore.set_seed(seed)
        np.random.seed(seed)
        try:
            layer = self.parts.make(like)
            return self.read_weights(Loaded(layer, layer, like))
        finally:
            np.random.set_state(before)

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        with frozen_layers(model, frozen):
            return {"requires_grad": sum(int(each.size) for each in model.layer.trainable_params())}

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        """By `value_and_grad` and a step of `nn.SGD`."""
        x, d = self._x(call), tensor(self._turned(training.d_sequence))
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        networks, losses = list[Network](), list[float]()

        def weighted() -> Tensor:
            return (self._called(model, call, x, h0).sequence * d).sum()

        with frozen_layers(model, training.frozen):
            held = model.layer.trainable_params()
            sgd = mindspore.nn.SGD(held, learning_rate=training.rate) if held else None
            step = mindspore.value_and_grad(weighted, None, held)
            for _ in range(training.steps):
                loss, gradients = step() if held else (weighted(), ())
                losses.append(float(loss.asnumpy()))
                if sgd is not None:
                    sgd(gradients)
                networks.append(self.read_weights(model))
            losses.append(float(weighted().asnumpy()))
        return Trained(tuple(networks), tuple(losses))

    def global_state(self) -> Mapping[str, str]:
        return {name: str(mindspore.get_context(name)) for name in ("mode", "device_target")}

    def _called(self, model: Loaded, call: Call, x: Tensor, h0: Tensor | None) -> Returned:
        """The call with all of its options."""
        if hasattr(model.layer, "dropout_op"):
            model.layer.dropout = call.rate if call.dropout == "between layers" else 0.0
            model.layer.dropout_op = mindspore.nn.Dropout(p=model.layer.dropout)
        model.layer.set_train(call.training)
        lengths = None if call.lengths is None else tensor(call.lengths)
        return self.parts.forward(model.called, x, h0, lengths)

    def _assign(self, layer: Any, network: Network) -> None:
        weights = self.conventions.weights
        arrays = (each for cell in network.cells for each in native_arrays(weights, [cell]).values())
        for held, array in zip(held_by(layer), arrays, strict=True):
            held.set_data(tensor(array))

    def _x(self, call: Call) -> Tensor:
        return tensor(self._turned(call.x))

    def _turned(self, sequence: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return sequence if self.parts.batch_first or sequence.ndim < 2 else sequence.swapaxes(0, 1)

    def _cotangents(self, of_sequence: Array, of_states: States) -> tuple[Tensor, Tensor]:
        return tensor(self._turned(of_sequence)), tensor(np.concatenate(of_states))

    def _canonical(self, model: Loaded, found: Iterable[Array]) -> list[CellGradients]:
        """The weights of each cell, or what has their shapes, from the order of `held_by`."""
        weights = self.conventions.weights
        names = [weight.name for weight in weights]
        cells = [dict(zip(names, cell, strict=False)) for cell in by_cell(model.network, found)]
        return [CellGradients(**canonical_weights(weights, cell)[0]) for cell in cells]


def held_by(layer: Any) -> list[Tensor]:
    """The parameters of a layer: bottom layer first, forward before backward."""
    if hasattr(layer, "weight_ih"):
        held = layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh
        return [each for each in held if each is not None]
    lists = layer.w_ih_list, layer.w_hh_list, layer.b_ih_list, layer.b_hh_list
    each = [tuple(of_role) for of_role in lists if len(of_role)]
    return [parameter for cell in zip(*each, strict=True) for parameter in cell]


def by_cell(network: Network, found: Iterable[Any]) -> Iterator[list[Any]]:
    """What belongs to each weight, in the order of `held_by`, cell by cell."""
    each = iter(found)
    for cell in network.cells:
        yield [next(each) for _ in range(4 if cell.biases else 2)]


def by_layer(model: Loaded, h_n: Array) -> States:
    """(layers·directions, batch, hidden) as (directions, batch, hidden) for each layer."""
    directions = model.network.layers[0].directions
    return tuple(h_n[i : i + directions] for i in range(0, len(h_n), directions))


@contextmanager
def frozen_layers(model: Loaded, layers: tuple[int, ...]) -> Iterator[None]:
    """Parameters of these layers need no gradient."""
    held = held_by(model.layer)
    each = len(held) // model.network.num_layers
    for index, parameter in enumerate(held):
        parameter.requires_grad = index // each not in layers
    try:
        yield
    finally:
        for parameter in held:
            parameter.requires_grad = True


def through_checkpoint(layer: Any, other: Any) -> Any:
    """Another layer with the weights of this one, by way of a file."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "rnn.ckpt"))
        mindspore.save_checkpoint(layer, path)
        mindspore.load_param_into_net(other, mindspore.load_checkpoint(path))
    return other


def tensor(array: Array) -> Tensor:
    """The same numbers in MindSpore, in memory of its own."""
    return mindspore.Tensor(np.array(array, order="C"))
