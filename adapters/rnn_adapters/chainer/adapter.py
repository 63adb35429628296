"""`ChainerAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import chainer
import numpy as np
from chainer import Variable
from chainer import functions as F

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.chainer import CONVENTIONS
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Trained, Training
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

Variables: TypeAlias = Sequence[Variable]


class Returned(NamedTuple):
    """What a call of a link by a route returned.

    Args:
        h_n: (layers·directions, batch, hidden).
        rows: the outputs of each sequence, (time, directions·hidden).
        native: what the call took and gave, in the order of `ARRAYS`.
    """

    h_n: Variable
    rows: Variables
    native: tuple[Any, Any, Any]


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        forward: calls a link with h0 or None, the sequences, and the name of the activation.
        differentiate: gradients of outputs at some variables, for cotangents of the outputs.
        divide: the parts of a network that a link is made for, bottom first.
        reload: gives other links the weights of these, and returns what is called; at every load.
        variable: what a sequence is wrapped in.
        evaluated: whether a call that is not one of training is made in test mode.
        within: what `run` calls in.
    """

    conventions: Conventions
    supports: Supports
    forward: Callable[[Any, Variable | None, Variables, str], Returned]
    differentiate: Callable[[Variables, Variables, Variables], Variables]
    divide: Callable[[Network], Sequence[Network]] = lambda network: [network]
    reload: Callable[[Any, Any], Any] = lambda links, others: links
    variable: Callable[[Array], Any] = Variable
    evaluated: Callable[[Call], bool] = lambda call: call.dropout is not None
    within: Callable[[], AbstractContextManager[Any]] = nullcontext


@dataclass
class Loaded:
    """A link of links, the parts of the network that each of them is, and the whole of it."""

    links: Any
    parts: Sequence[Network]
    network: Network


class ChainerAdapter(Adapter[Loaded]):
    """A route into Chainer, put together from its parts."""

    name = "chainer"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports

    def versions(self) -> dict[str, str]:
        return {"chainer": chainer.__version__, "numpy": np.__version__}

    def load(self, network: Network) -> Loaded:
        model = self._new(network)
        self.assign_weights(model, network)
        return self._reloaded(model, self.parts.reload)

    def run(self, model: Loaded, call: Call) -> Output:
        rows = [self.parts.variable(row) for row in rows_of(call.x, call.lengths)]
        states = of_links(model, call.initial_states)
        with self.parts.within():
            outputs, finals, native = self._called(model, call, rows, states)
            padded = F.pad_sequence(outputs, call.x.shape[1], 0) if call.return_sequences else None
        return Output(
            sequence=None if padded is None else padded.array,
            final_states=by_layer(model, [final.array for final in finals]),
            native_shapes={name: tuple(each.shape) for name, each in zip(ARRAYS, native, strict=True)},
        )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        sources, outputs, cotangents = self._followed(model, call, d_sequence, d_final_states)
        return self._gradients(model, call, self.parts.differentiate(outputs, sources, cotangents))

    def second_gradients(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        sources, outputs, cotangents = self._followed(model, call, d_sequence, d_final_states)
        first = chainer.grad(outputs, sources, cotangents, enable_double_backprop=True)
        weights = map(Variable, native_of(Cell(*cell) for cell in direction.cells))
        rates = [*self._given(model, call, direction.x, direction.initial_states), *weights]
        second = chainer.grad(first, sources, rates)
        zeros = (Variable(np.zeros_like(source.array)) for source in sources)
        found = [zero if each is None else each for each, zero in zip(second, zeros, strict=True)]
        return self._gradients(model, call, found)

    def read_weights(self, model: Loaded) -> Network:
        found = canonical(parameter.array for parameter in parameters_of(model.links))
        cells = iter(
            Cell(*each, cell.activation) for each, cell in zip(found, model.network.cells, strict=True)
        )
        return Network(Layer(*(next(cells) for _ in layer.cells)) for layer in model.network.layers)

    def assign_weights(self, model: Loaded, network: Network) -> None:
        for parameter, array in zip(parameters_of(model.links), native_of(network.cells), strict=True):
            parameter.array[...] = array

    def restored(self, model: Loaded) -> Loaded:
        return self._reloaded(model, through_npz)

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        return [
            {weight.role: getattr(cell, weight.name).shape for weight in CONVENTIONS.weights}
            for cell in cells_of(model.links)
        ]

    def count_parameters(self, model: Loaded) -> int:
        return int(model.links.count_params())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """Chainer draws by NumPy's own generator."""
        before = np.random.get_state()
        np.random.seed(seed)
        try:
            return self.read_weights(self._new(like))
        finally:
            np.random.set_state(before)

    def default_states(self, model: Loaded, call: Call) -> States:
        rows = rows_of(call.x, call.lengths)
        return by_layer(model, [link.init_hx(rows).array for link in model.links])

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        with trained_by(chainer.optimizers.SGD(), model, frozen):
            held = [parameter for parameter in parameters_of(model.links) if parameter.update_rule.enabled]
            return {"disable_update": sum(parameter.size for parameter in held)}

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        """By `backward` and a step of `optimizers.SGD`."""
        weights = rows_of(training.d_sequence, call.lengths)
        networks, losses = list[Network](), list[float]()
        with trained_by(chainer.optimizers.SGD(training.rate), model, training.frozen) as sgd:
            for step in range(training.steps + 1):
                rows = [self.parts.variable(row) for row in rows_of(call.x, call.lengths)]
                outputs, _, _ = self._called(model, call, rows, of_links(model, call.initial_states))
                loss = sum(F.sum(output * d) for output, d in zip(outputs, weights, strict=True))
                losses.append(float(loss.array))
                if step < training.steps:
                    model.links.cleargrads()
                    loss.backward()
                    sgd.update()
                    networks.append(self.read_weights(model))
        return Trained(tuple(networks), tuple(losses))

    def global_state(self) -> Mapping[str, str]:
        names = ("dtype", "train", "enable_backprop", "debug", "type_check")
        return {name: str(getattr(chainer.config, name)) for name in names}

    def _new(self, network: Network) -> Loaded:
        """Links with Chainer's own weights."""
        parts = self.parts.divide(network)
        with chainer.using_config("dtype", network.dtype):
            return Loaded(chainer.ChainList(*map(link_of, parts)), parts, network)

    def _reloaded(self, model: Loaded, reload: Callable[[Any, Any], Any]) -> Loaded:
        """What is loaded after its weights went another way."""
        return replace(model, links=reload(model.links, self._new(model.network).links))

    def _called(
        self, model: Loaded, call: Call, rows: Variables, states: Sequence[Variable | None]
    ) -> tuple[Variables, list[Variable], tuple[Any, Any, Any]]:
        """The outputs of each sequence, the states of each link, and what the framework took and gave."""
        found = list[Returned]()
        with chainer.using_config("train", call.training or not self.parts.evaluated(call)):
            for link, part, state in zip(model.links, model.parts, states, strict=True):
                link.dropout = call.rate if call.dropout == "between layers" else 0.0
                activation = part.layers[0].forward.activation.name
                found.append(self.parts.forward(link, state, rows, activation))
                rows = found[-1].rows
        native = found[0].native[0], found[-1].native[1], found[0].native[2]
        return rows, [returned.h_n for returned in found], native

    def _given(self, model: Loaded, call: Call, x: Array, states: States) -> list[Variable]:
        """Variables of what is shaped like the input, by sequence, and like the states, by link."""
        rows = [Variable(row) for row in rows_of(x, call.lengths)]
        return [*rows, *(state for state in of_links(model, states) if state is not None)]

    def _followed(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States
    ) -> tuple[list[Variable], list[Variable], list[Variable]]:
        """What is differentiated with respect to, the outputs of the call, and their cotangents."""
        assert call.initial_states is not None
        given = self._given(model, call, call.x, call.initial_states)
        batch = len(call.x)
        rows, finals, _ = self._called(model, call, given[:batch], given[batch:])
        cotangents = self._given(model, call, d_sequence, d_final_states)
        return [*given, *parameters_of(model.links)], [*rows, *finals], cotangents

    def _gradients(self, model: Loaded, call: Call, found: Variables) -> Gradients:
        """Gradients in the order of `_followed` as those of a network; zero at masked time steps."""
        arrays, batch = [each.array for each in found], len(call.x)
        d_x = np.zeros_like(call.x)
        for row, d_row in zip(rows_of(d_x, call.lengths), arrays[:batch], strict=True):
            row[...] = d_row
        finals = arrays[batch:][: len(model.parts)]
        cells = canonical(arrays[batch + len(model.parts) :])
        return Gradients(d_x, by_layer(model, finals), tuple(cells))


def link_of(network: Network) -> Any:
    """The link for layers of one activation and size, with Chainer's own weights."""
    bottom = network.layers[0]
    name = bottom.forward.activation.name
    kind = f"NStep{'Bi' if bottom.directions == 2 else ''}RNN{NAMES.get(name, name)}"
    make = getattr(chainer.links, kind)
    return make(network.num_layers, bottom.input_size, bottom.hidden_size, 0.0)


NAMES = {"tanh": "Tanh", "relu": "ReLU"}
"""Activations in the names of links."""


def cells_of(links: Any) -> list[Any]:
    """The links that hold the weights of a cell: bottom layer first, forward before backward."""
    return [cell for link in links for cell in link]


def parameters_of(links: Any) -> list[Any]:
    """The parameters, cell by cell, in the order of the conventions."""
    return [getattr(cell, weight.name) for cell in cells_of(links) for weight in CONVENTIONS.weights]


def native_of(cells: Iterable[Cell]) -> list[Array]:
    """The weights of cells as Chainer holds them, in the order of `parameters_of`."""
    return [each for cell in cells for each in native_arrays(CONVENTIONS.weights, [cell]).values()]


def canonical(found: Iterable[Array]) -> list[CellGradients]:
    """The weights of each cell, or what has their shapes, in the order of `parameters_of`."""
    arrays, names = list(found), [weight.name for weight in CONVENTIONS.weights]
    cells = [dict(zip(names, arrays[i : i + 4], strict=True)) for i in range(0, len(arrays), 4)]
    return [CellGradients(**canonical_weights(CONVENTIONS.weights, cell)[0]) for cell in cells]


def rows_of(x: Array, lengths: Array | None) -> list[Array]:
    """The sequences of a batch, each without its padding."""
    return list(x) if lengths is None else [row[:length] for row, length in zip(x, lengths, strict=True)]


def of_links(model: Loaded, states: States | None) -> list[Variable | None]:
    """The initial state of each link."""
    if states is None:
        return [None] * len(model.parts)
    return list(map(Variable, [np.concatenate(states)] if len(model.parts) == 1 else states))


def by_layer(model: Loaded, finals: Sequence[Array]) -> States:
    """(layers·directions, batch, hidden) of each link as (directions, batch, hidden) of each layer."""
    found = list[Array]()
    for part, final in zip(model.parts, finals, strict=True):
        directions = part.layers[0].directions
        found += [final[i : i + directions] for i in range(0, len(final), directions)]
    return tuple(found)


def through_npz(links: Any, others: Any) -> Any:
    """Other links with the weights of these, by way of a file."""
    file = io.BytesIO()
    chainer.serializers.save_npz(file, links)
    file.seek(0)
    chainer.serializers.load_npz(file, others)
    return others


@contextmanager
def trained_by(optimizer: Any, model: Loaded, frozen: tuple[int, ...]) -> Iterator[Any]:
    """An optimizer of links, of which some layers are not updated."""
    optimizer.setup(model.links)
    layers = [index for index, layer in enumerate(model.network.layers) for _ in layer.cells]
    for cell, layer in zip(cells_of(model.links), layers, strict=True):
        if layer in frozen:
            cell.disable_update()
    try:
        yield optimizer
    finally:
        model.links.cleargrads()
        for parameter in parameters_of(model.links):
            parameter.update_rule = None
