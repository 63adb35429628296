"""`MxnetAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias

import mxnet
import numpy as np
from mxnet import autograd, nd

from rnn_adapters.adapter import Adapter, Call, CannotExpress, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Shape, Shapes, Trained, Training, UnknownAxis
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

NDArray: TypeAlias = Any
Symbol: TypeAlias = Any
Made: TypeAlias = Callable[[Network, float, Any], Any]
"""A block for a network and a rate of dropout, with the parameters of another block or None."""


class Returned(NamedTuple):
    """What a call by a route returned.

    Args:
        sequence: (time, batch, directions·hidden), with the batch first, or a list of steps.
        states: one array (layers·directions, batch, hidden), or (batch, hidden) of each cell; None: none.
        native: what one call of MXNet took and gave, in the order of `ARRAYS`.
    """

    sequence: Any
    states: Sequence[NDArray] | None
    native: tuple[NDArray, ...]


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        make: makes a block whose weights are not yet initialized.
        forward: calls it with x, states or None, and lengths or None.
        prepare: what is done with a block that has its weights.
        differentiate: gradients of outputs at some arrays, for cotangents of the outputs.
        symbolic: the outputs of a block as symbols, for those of x and of its states, and a number of steps.
        reload: gives another block the weights of this one, and returns what is called; at every load.
        batch_first: `forward` has the batch first.
        by_steps: x and the sequence are lists with an array for each step.
        by_cells: there is a state for each cell.
        within: what `run` calls in.
    """

    conventions: Conventions
    supports: Supports
    make: Made
    forward: Callable[[Any, NDArray, Sequence[NDArray] | None, NDArray | None], Returned]
    differentiate: Callable[[Sequence[NDArray], Sequence[NDArray], Sequence[NDArray]], Sequence[NDArray]]
    prepare: Callable[[Any], None] = lambda block: None
    symbolic: Callable[[Any, Symbol, Sequence[Symbol], int], tuple[Symbol, Sequence[Symbol]]] | None = None
    reload: Callable[[Loaded, MxnetAdapter], Loaded] = lambda model, adapter: model
    batch_first: bool = False
    by_steps: bool = False
    by_cells: bool = False
    within: Callable[[bool], AbstractContextManager[Any]] = lambda training: (
        autograd.train_mode() if training else autograd.predict_mode()
    )


@dataclass(frozen=True)
class Loaded:
    """A block, and the network whose options it has.

    Args:
        names: of the parameters, cell by cell: bottom layer first, forward before backward.
        dropping: blocks of the same parameters, by their rate of dropout.
    """

    block: Any
    network: Network
    names: tuple[str, ...]
    dropping: dict[float, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> list[Any]:
        """In the order of `names`."""
        held = self.block.collect_params()
        return [held[name] for name in self.names]


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
        model = self.new(network)
        self.assign_weights(model, network)
        model = self.parts.reload(model, self)
        self.parts.prepare(model.block)
        return model

    def run(self, model: Loaded, call: Call) -> Output:
        with self.parts.within(call.training):
            sequence, states, native = self._called(model, call, self._x(call), self._states(call))
        whole = nd.stack(*sequence) if self.parts.by_steps else sequence
        return Output(
            sequence=self._turned(whole.asnumpy()) if call.return_sequences else None,
            final_states=None if states is None else by_layer(model, [each.asnumpy() for each in states]),
            native_shapes={name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=False)},
        )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        sources, outputs, cotangents = self._followed(model, call, d_sequence, d_final_states)
        return self._gradients(model, call, self.parts.differentiate(outputs, sources, cotangents))

    def second_gradients(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        sources, outputs, cotangents = self._followed(model, call, d_sequence, d_final_states)
        rates = [
            *self._of_steps(direction.x),
            *self._each(direction.initial_states),
            *map(tensor, self._native(Cell(*cell) for cell in direction.cells)),
        ]
        with autograd.record():
            first = autograd.grad(outputs, sources, cotangents, create_graph=True, retain_graph=True)
            inner = sum((each * rate).sum() for each, rate in zip(first, rates, strict=True))
        inner.backward()
        return self._gradients(model, call, [source.grad for source in sources])

    def read_weights(self, model: Loaded) -> Network:
        found = self._canonical(parameter.data().asnumpy() for parameter in model.parameters)
        cells = iter(
            Cell(*each, cell.activation) for each, cell in zip(found, model.network.cells, strict=True)
        )
        return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in model.network.layers)

    def assign_weights(self, model: Loaded, network: Network) -> None:
        for parameter, array in zip(model.parameters, self._native(network.cells), strict=True):
            parameter.set_data(tensor(array))

    def restored(self, model: Loaded) -> Loaded:
        restored = through_file(model, self)
        self.parts.prepare(restored.block)
        return restored

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        roles = [weight.role for weight in self.conventions.weights]
        shapes = [tuple(parameter.data().shape) for parameter in model.parameters]
        return [dict(zip(roles, shapes[i : i + 4], strict=True)) for i in range(0, len(shapes), 4)]

    def count_parameters(self, model: Loaded) -> int:
        return sum(parameter.data().size for parameter in model.parameters)

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """MXNet's generator can be seeded, and not be asked for its state."""
        mxnet.random.seed(seed % 2**31)
        return self.read_weights(self.new(like))

    def default_states(self, model: Loaded, call: Call) -> States:
        states = model.block.begin_state(batch_size=len(call.x))
        return by_layer(model, [each.asnumpy() for each in states])

    def inferred_shapes(
        self, model: Loaded, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        """By a symbol of the call, in which a size of 0 is one that is not known."""
        batch, time, inputs = call.x.shape
        if not batch or not time:
            raise CannotExpress("no row or no step: 0 stands for a size that is not known")
        sizes = ("batch", 0 if "batch" in unknown else batch), ("time", 0 if "time" in unknown else time)
        known = dict(sizes) | {"input": inputs}
        shape = tuple(known[axis] for axis in self.conventions.axes["x"])
        symbol = mxnet.sym.var("x")
        of_batch = [info["shape"] for info in model.block.state_info(known["batch"])]
        states = [mxnet.sym.var(f"h{i}", shape=size) for i, size in enumerate(of_batch)]
        assert self.parts.symbolic is not None
        sequence, finals = self.parts.symbolic(model.block, symbol, states, time)
        made = mxnet.sym.Group([sequence, *finals])
        _, shapes, _ = made.infer_shape_partial(x=shape)
        _, types, _ = made.infer_type(x=call.x.dtype)
        of_sequence, *of_states = [tuple(size or None for size in each) for each in shapes]
        (dtype,) = {np.dtype(each).name for each in types}
        by_cell = [each for size in of_states for each in _of_cells(size)]
        turned = of_sequence if self.parts.batch_first else (of_sequence[1], of_sequence[0], of_sequence[2])
        return {
            "infer_shape": Shapes(
                sequence=turned if call.return_sequences else None,
                final_states=tuple(by_cell),
                dtype=dtype,
            )
        }

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        with trained_by(model, frozen):
            held = [parameter for parameter in model.parameters if parameter.grad_req != "null"]
            return {"grad_req": sum(parameter.data().size for parameter in held)}

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        """By `backward` and a step of `gluon.Trainer`."""
        x, weights = self._x(call), self._of_steps(training.d_sequence)
        networks, losses = list[Network](), list[float]()
        with trained_by(model, training.frozen):
            options = {"learning_rate": training.rate, "wd": 0.0}
            trainer = mxnet.gluon.Trainer(model.block.collect_params(), "sgd", options)
            for step in range(training.steps + 1):
                with autograd.record():
                    sequence = self._called(model, call, x, self._states(call)).sequence
                    outputs = sequence if self.parts.by_steps else [sequence]
                    loss = sum((d * each).sum() for d, each in zip(weights, outputs, strict=True))
                losses.append(float(loss.asscalar()))
                if step < training.steps:
                    loss.backward()
                    trainer.step(1)
                    networks.append(self.read_weights(model))
        return Trained(tuple(networks), tuple(losses))

    def global_state(self) -> Mapping[str, str]:
        return {
            "recording": str(autograd.is_recording()),
            "training": str(autograd.is_training()),
            "NumPy's shapes": str(mxnet.util.is_np_shape()),
            "NumPy's arrays": str(mxnet.util.is_np_array()),
        }

    def new(self, network: Network) -> Loaded:
        """A block with MXNet's own weights."""
        block = self.parts.make(network, 0.0, None)
        block.initialize()
        return Loaded(block, network, tuple(block.collect_params()))

    def _called(self, model: Loaded, call: Call, x: NDArray, states: Sequence[NDArray] | None) -> Returned:
        """The call with all of its options."""
        rate = call.rate if call.dropout == "between layers" else 0.0
        lengths = None if call.lengths is None else nd.array(call.lengths, dtype="int32")
        return self.parts.forward(self._block(model, rate), x, states, lengths)

    def _block(self, model: Loaded, rate: float) -> Any:
        """The block, or one of its parameters that drops."""
        if not rate:
            return model.block
        if rate not in model.dropping:
            model.dropping[rate] = self.parts.make(model.network, rate, model.block)
            self.parts.prepare(model.dropping[rate])
        return model.dropping[rate]

    def _x(self, call: Call) -> Any:
        """The input as this route has it."""
        made = self._of_steps(call.x)
        return made if self.parts.by_steps else made[0]

    def _of_steps(self, sequence: Array) -> list[NDArray]:
        """What is shaped like a sequence: an array for each step, or one of all."""
        turned = self._turned(sequence)
        return [tensor(each) for each in turned] if self.parts.by_steps else [tensor(turned)]

    def _states(self, call: Call) -> list[NDArray] | None:
        return None if call.initial_states is None else self._each(call.initial_states)

    def _each(self, states: States) -> list[NDArray]:
        """One array of all states, or one for each cell."""
        if self.parts.by_cells:
            return [tensor(state) for layer in states for state in layer]
        return [tensor(np.concatenate(states))]

    def _turned(self, sequence: Array) -> Array:
        """From canonical axes to those of this route, or back."""
        return sequence if self.parts.batch_first or sequence.ndim < 2 else sequence.swapaxes(0, 1)

    def _native(self, cells: Iterable[Cell]) -> list[Array]:
        """The arrays of cells, in the order of `Loaded.names`; zeros for a bias that a cell does not have."""
        found = list[Array]()
        for cell in cells:
            arrays = native_arrays(self.conventions.weights, [cell])
            zeros = np.zeros(cell.hidden_size, cell.dtype)
            found += [arrays.get(weight.name, zeros) for weight in self.conventions.weights]
        return found

    def _canonical(self, found: Iterable[Array]) -> list[CellGradients]:
        """The weights of each cell, or what has their shapes, from the order of `Loaded.names`."""
        arrays, names = list(found), [weight.name for weight in self.conventions.weights]
        cells = [dict(zip(names, arrays[i : i + 4], strict=True)) for i in range(0, len(arrays), 4)]
        return [CellGradients(**canonical_weights(self.conventions.weights, cell)[0]) for cell in cells]

    def _followed(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States
    ) -> tuple[list[NDArray], list[NDArray], list[NDArray]]:
        """What is differentiated with respect to, the outputs of the call, and their cotangents."""
        assert call.initial_states is not None
        steps, states = self._of_steps(call.x), self._each(call.initial_states)
        given = [*steps, *states]
        for each in given:
            each.attach_grad()
        with autograd.record(train_mode=call.training):
            x = steps if self.parts.by_steps else steps[0]
            sequence, finals, _ = self._called(model, call, x, states)
            if self.parts.by_steps and finals is not None:
                finals = list(map(nd.identity, finals))  # a head that stands twice would count once
        outputs = list(sequence) if self.parts.by_steps else [sequence]
        cotangents = self._of_steps(d_sequence)
        if finals is not None:
            outputs, cotangents = [*outputs, *finals], [*cotangents, *self._each(d_final_states)]
        return [*given, *(parameter.data() for parameter in model.parameters)], outputs, cotangents

    def _gradients(self, model: Loaded, call: Call, found: Sequence[NDArray]) -> Gradients:
        """Gradients in the order of `_followed` as those of a network."""
        arrays, steps = [each.asnumpy() for each in found], call.x.shape[1] if self.parts.by_steps else 1
        d_x = np.stack(arrays[:steps]) if self.parts.by_steps else arrays[0]
        last = steps + (len(model.network.cells) if self.parts.by_cells else 1)
        cells = self._canonical(arrays[last:])
        return Gradients(self._turned(d_x), by_layer(model, arrays[steps:last]), tuple(cells))


def by_layer(model: Loaded, states: Sequence[Array]) -> States:
    """One array of all states, or one for each cell, as (directions, batch, hidden) for each layer."""
    cells = list(states[0] if len(states) == 1 and states[0].ndim == 3 else states)
    found, first = list[Array](), 0
    for layer in model.network.layers:
        found.append(np.stack(cells[first : first + layer.directions]))
        first += layer.directions
    return tuple(found)


def _of_cells(shape: Shape) -> list[Shape]:
    """The shapes of the states of each cell, of an array of all states or that of one cell."""
    return [shape[1:]] * int(shape[0] or 0) if len(shape) == 3 else [shape]


def through_file(model: Loaded, adapter: MxnetAdapter) -> Loaded:
    """Another block with the weights of this one, by way of a file."""
    other = adapter.new(model.network)
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "block.params"))
        model.block.save_parameters(path)
        other.block.load_parameters(path)
    return other


@contextmanager
def trained_by(model: Loaded, frozen: tuple[int, ...]) -> Iterator[None]:
    """Only the parameters of other layers have gradients."""
    layers = [index for index, layer in enumerate(model.network.layers) for _ in range(4 * layer.directions)]
    for parameter, layer in zip(model.parameters, layers, strict=True):
        parameter.grad_req = "null" if layer in frozen else "write"
    try:
        yield
    finally:
        for parameter in model.parameters:
            parameter.grad_req = "write"


def tensor(array: Array) -> NDArray:
    """The same numbers in MXNet, in memory of its own; of MXNet's default type unless it is told."""
    return nd.array(array, dtype=array.dtype)
