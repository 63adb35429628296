"""`MxnetAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

import mxnet
import numpy as np
from mxnet import autograd, nd

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Trained, Training
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

NDArray: TypeAlias = Any


class Returned(NamedTuple):
    """What a call by a route returned.

    Args:
        sequence: (time, batch, directions·hidden), or with the batch first.
        h_n: (layers·directions, batch, hidden).
        native: what one call of MXNet took and gave, in the order of `ARRAYS`.
    """

    sequence: NDArray
    h_n: NDArray
    native: tuple[NDArray, NDArray, NDArray]


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes a block for a network, whose weights are not yet initialized.
        forward: calls it with x, h0 or None, and lengths or None.
        prepare: what is done with a block that has its weights.
        batch_first: `forward` has the batch first.
        by_file: weights go through a file at every load.
    """

    conventions: Conventions
    supports: Supports
    make: Callable[[Network], Any]
    forward: Callable[[Any, NDArray, NDArray | None, NDArray | None], Returned]
    prepare: Callable[[Any], None] = lambda block: None
    batch_first: bool = False
    by_file: bool = False


@dataclass(frozen=True)
class Loaded:
    """A block, and the network whose options it has."""

    block: Any
    network: Network


class MxnetAdapter(Adapter[Loaded]):
    """A route into MXNet, put together from its parts."""

    name = "mxnet"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports

    def versions(self) -> dict[str, str]:
        return {"mxnet": mxnet.__version__, "numpy": np.__version__}

    def load(self, network: Network) -> Loaded:
        model = self._new(network)
        self.assign_weights(model, network)
        model = self.restored(model) if self.parts.by_file else model
        self.parts.prepare(model.block)
        return model

    def run(self, model: Loaded, call: Call) -> Output:
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        with autograd.train_mode() if call.training else autograd.predict_mode():
            sequence, h_n, native = self._called(model, call, self._x(call), h0)
        return Output(
            sequence=self._turned(sequence.asnumpy()) if call.return_sequences else None,
            final_states=by_layer(model, h_n.asnumpy()),
            native_shapes={name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=True)},
        )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        assert call.initial_states is not None
        given = self._x(call), tensor(np.concatenate(call.initial_states))
        for each in given:
            each.attach_grad()
        with autograd.record(train_mode=call.training):
            outputs = self._called(model, call, *given)[:2]
        cotangents = [tensor(self._turned(d_sequence)), tensor(np.concatenate(d_final_states))]
        autograd.backward(list(outputs), cotangents, train_mode=call.training)
        d_x, d_h0 = (each.grad.asnumpy() for each in given)
        cells = canonical(self.conventions, (p.grad().asnumpy() for p in parameters_of(model.block)))
        return Gradients(self._turned(d_x), by_layer(model, d_h0), tuple(cells))

    def read_weights(self, model: Loaded) -> Network:
        found = canonical(self.conventions, (p.data().asnumpy() for p in parameters_of(model.block)))
        cells = iter(
            Cell(*each, cell.activation) for each, cell in zip(found, model.network.cells, strict=True)
        )
        return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in model.network.layers)

    def assign_weights(self, model: Loaded, network: Network) -> None:
        weights = self.conventions.weights
        arrays = (each for cell in network.cells for each in native_arrays(weights, [cell]).values())
        for parameter, array in zip(parameters_of(model.block), arrays, strict=True):
            parameter.set_data(tensor(array))

    def restored(self, model: Loaded) -> Loaded:
        other = self._new(model.network)
        with TemporaryDirectory() as folder:
            path = str(Path(folder, "block.params"))
            model.block.save_parameters(path)
            other.block.load_parameters(path)
        self.parts.prepare(other.block)
        return other

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        roles = [weight.role for weight in self.conventions.weights]
        shapes = [tuple(parameter.shape) for parameter in parameters_of(model.block)]
        return [dict(zip(roles, shapes[i : i + 4], strict=True)) for i in range(0, len(shapes), 4)]

    def count_parameters(self, model: Loaded) -> int:
        return int(sum(np.prod(parameter.shape) for parameter in parameters_of(model.block)))

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        kept = [p for p, layer in self._by_layer(model) if layer not in frozen]
        for parameter, layer in self._by_layer(model):
            parameter.grad_req = "null" if layer in frozen else "write"
        held = [p for p in parameters_of(model.block) if p.grad_req != "null"]
        for parameter in parameters_of(model.block):
            parameter.grad_req = "write"
        assert len(held) == len(kept)
        return {"grad_req": int(sum(np.prod(parameter.shape) for parameter in held))}

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        """By `backward` and a step of `gluon.Trainer`."""
        x, d = self._x(call), tensor(self._turned(training.d_sequence))
        h0 = None if call.initial_states is None else tensor(np.concatenate(call.initial_states))
        for parameter, layer in self._by_layer(model):
            parameter.grad_req = "null" if layer in training.frozen else "write"
        options = {"learning_rate": training.rate, "wd": 0.0}
        trainer = mxnet.gluon.Trainer(model.block.collect_params(), "sgd", options)
        networks, losses = list[Network](), list[float]()
        for step in range(training.steps + 1):
            with autograd.record():
                loss = (d * self._called(model, call, x, h0)[0]).sum()
            losses.append(float(loss.asscalar()))
            if step < training.steps:
                loss.backward()
                trainer.step(1)
                networks.append(self.read_weights(model))
        return Trained(tuple(networks), tuple(losses))

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        mxnet.random.seed(seed % 2**31)
        return self.read_weights(self._new(like))

    def global_state(self) -> Mapping[str, str]:
        return {"recording": str(autograd.is_recording()), "training": str(autograd.is_training())}

    def _new(self, network: Network) -> Loaded:
        """A block with MXNet's own weights."""
        block = self.parts.make(network)
        block.initialize()
        return Loaded(block, network)

    def _called(self, model: Loaded, call: Call, x: NDArray, h0: NDArray | None) -> Returned:
        """The call with all of its options."""
        if hasattr(model.block, "_dropout"):
            model.block._dropout = call.rate if call.dropout == "between layers" else 0.0
        lengths = None if call.lengths is None else nd.array(call.lengths, dtype=call.x.dtype)
        return self.parts.forward(model.block, x, h0, lengths)

    def _by_layer(self, model: Loaded) -> Iterable[tuple[Any, int]]:
        """Each parameter, and the number of its layer."""
        cells = [index for index, layer in enumerate(model.network.layers) for _ in layer.cells]
        held = parameters_of(model.block)
        return [(parameter, cells[index // 4]) for index, parameter in enumerate(held)]

    def _x(self, call: Call) -> NDArray:
        return tensor(self._turned(call.x))

    def _turned(self, sequence: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return sequence if self.parts.batch_first or sequence.ndim < 2 else sequence.swapaxes(0, 1)


def parameters_of(block: Any) -> Sequence[Any]:
    """The parameters, cell by cell: bottom layer first, forward before backward, as they were made."""
    return list(block.collect_params().values())


def canonical(conventions: Conventions, found: Iterable[Array]) -> list[CellGradients]:
    """The weights of each cell, or what has their shapes, in the order of `parameters_of`."""
    arrays, names = list(found), [weight.name for weight in conventions.weights]
    cells = [dict(zip(names, arrays[i : i + 4], strict=True)) for i in range(0, len(arrays), 4)]
    return [CellGradients(**canonical_weights(conventions.weights, cell)[0]) for cell in cells]


def by_layer(model: Loaded, h_n: Array) -> States:
    """(layers·directions, batch, hidden) as (directions, batch, hidden) for each layer."""
    directions = model.network.layers[0].directions
    return tuple(h_n[i : i + directions] for i in range(0, len(h_n), directions))


def tensor(array: Array) -> NDArray:
    """The same numbers in MXNet, in memory of its own; of MXNet's default type unless it is told."""
    return nd.array(array, dtype=array.dtype)
