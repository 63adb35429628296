"""`MlxAdapter`: the contract, carried out by the parts of a route (`Parts`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import mlx.core as mx
import numpy as np
from mlx import nn, optimizers
from mlx.utils import tree_flatten, tree_unflatten

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ARRAYS, Conventions, Supports
from rnn_adapters.mlx.activations import FUNCTIONS, Make, nonlinearity
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.surface import Trained, Training
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States

Arrays: TypeAlias = Sequence[mx.array]
Function: TypeAlias = Callable[..., Arrays]
"""Of x, a state for each layer (or none) and perhaps weights: the sequence output of each layer."""


class Returned(NamedTuple):
    """What a call of one layer by a route returned.

    Args:
        sequence: (batch, time, hidden).
        native: what one call of MLX took and gave, in the order of `ARRAYS`.
    """

    sequence: mx.array
    native: tuple[mx.array, mx.array, mx.array]


CallLayer: TypeAlias = Callable[[nn.RNN, mx.array, mx.array | None], Returned]


class Stack(nn.Module):
    """Layers, called one after the other.

    Args:
        layers: bottom layer first.
        call_layer: how each of them is called.
    """

    def __init__(self, layers: list[nn.RNN], call_layer: CallLayer) -> None:
        super().__init__()
        self.layers = layers
        self.call_layer = call_layer

    def __call__(self, x: mx.array, *states: mx.array) -> list[mx.array]:
        """The sequence output of each layer."""
        outputs, natives = [], []
        for index, layer in enumerate(self.layers):
            x, native = self.call_layer(layer, x, states[index] if states else None)
            outputs.append(x)
            natives.append(native)
        arrays = natives[0][0], natives[-1][1], natives[0][2]
        # A mapping that MLX does not take for parameters, as it would a dictionary.
        self.native_shapes = MappingProxyType({n: a.shape for n, a in zip(ARRAYS, arrays, strict=True)})
        return outputs


@dataclass(frozen=True)
class Parts:
    """What a route is made of.

    Args:
        call_layer: calls a layer.
        wrap: makes of the layers what is called; once for each network.
        differentiate: gradients of a function at some arrays, for cotangents of its outputs.
        reload: gives other layers the weights of these; at every load.
        activations: how each is given to a layer.
    """

    conventions: Conventions
    supports: Supports
    call_layer: CallLayer
    differentiate: Callable[[Function, Arrays, Arrays], Arrays]
    wrap: Callable[[Stack], Function] = lambda stack: stack
    reload: Callable[[Stack, Stack], None] | None = None
    activations: Mapping[str, Make] = field(default_factory=lambda: FUNCTIONS)


@dataclass
class Loaded:
    """Layers, what calls them, and the options that they do not tell."""

    stack: Stack
    called: Function
    network: Network


class MlxAdapter(Adapter[Loaded]):
    """A route into MLX, put together from its parts."""

    name = "mlx"

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.conventions = parts.conventions
        self.supports = parts.supports

    def versions(self) -> dict[str, str]:
        return {"mlx": mx.__version__, "numpy": np.__version__}

    def load(self, network: Network) -> Loaded:
        stack = self._new(network)
        self._assign(stack, network)
        if self.parts.reload:
            written, stack = stack, self._new(network)
            self.parts.reload(written, stack)
        return Loaded(stack, self.parts.wrap(stack), network)

    def run(self, model: Loaded, call: Call) -> Output:
        model.stack.train(call.training)
        outputs = model.called(tensor(call.x), *states_of(call.initial_states or ()))
        sequence, *finals = map(array, with_finals(outputs))
        return Output(
            sequence=sequence if call.return_sequences else None,
            final_states=tuple(final[None] for final in finals),
            native_shapes=model.stack.native_shapes,
        )

    def gradients(self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        cotangents = [tensor(d_sequence), *states_of(d_final_states)]
        with self._function(model) as function:
            found = self.parts.differentiate(function, self._sources(model, call), cotangents)
        return self._gradients(model, found)

    def second_gradients(
        self, model: Loaded, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        cotangents, rates = [tensor(d_sequence), *states_of(d_final_states)], self._rates(direction)
        sources, differentiate = self._sources(model, call), self.parts.differentiate
        with self._function(model) as function:
            found = differentiate(lambda *at: differentiate(function, at, cotangents), sources, rates)
        return self._gradients(model, found)

    def tangents(self, model: Loaded, call: Call, direction: Gradients) -> Output:
        with self._function(model) as function:
            _, rates = mx.jvp(function, self._sources(model, call), self._rates(direction))
        sequence, *finals = map(array, rates)
        return Output(sequence, final_states=tuple(final[None] for final in finals))

    def read_weights(self, model: Loaded) -> Network:
        layers = zip(model.stack.layers, model.network.cells, strict=True)
        return Network(
            [Layer(Cell(**self._canonical(layer), activation=cell.activation)) for layer, cell in layers]
        )

    def assign_weights(self, model: Loaded, network: Network) -> None:
        self._assign(model.stack, network)

    def restored(self, model: Loaded) -> Loaded:
        other = self._new(model.network)
        through_a_file(model.stack, other, "safetensors")
        return Loaded(other, self.parts.wrap(other), model.network)

    def native_weights(self, model: Loaded) -> list[dict[str, tuple[int, ...]]]:
        weights, layers = self.conventions.weights, [layer.parameters() for layer in model.stack.layers]
        return [{w.role: layer[w.name].shape for w in weights if w.name in layer} for layer in layers]

    def count_parameters(self, model: Loaded) -> int:
        return size_of(model.stack.parameters())

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        mx.random.seed(seed)
        fresh = self._new(like)
        return self.read_weights(Loaded(fresh, fresh, like))

    def count_trainable(self, model: Loaded, frozen: tuple[int, ...]) -> Mapping[str, int]:
        with frozen_layers(model.stack, frozen):
            return {"freeze": size_of(model.stack.trainable_parameters())}

    def trained(self, model: Loaded, call: Call, training: Training) -> Trained:
        """By `nn.value_and_grad` and `update` of `optimizers.SGD`."""
        x, d, states = tensor(call.x), tensor(training.d_sequence), states_of(call.initial_states or ())
        networks, losses = list[Network](), list[float]()

        def loss_of() -> mx.array:
            return (d * model.called(x, *states)[-1]).sum()

        with frozen_layers(model.stack, training.frozen):
            sgd = optimizers.SGD(training.rate)
            value_and_grad = nn.value_and_grad(model.stack, loss_of)
            for _ in range(training.steps):
                loss, gradients = value_and_grad()
                sgd.update(model.stack, gradients)
                losses.append(loss.item())
                networks.append(self.read_weights(model))
        return Trained(tuple(networks), (*losses, loss_of().item()))

    def global_state(self) -> Mapping[str, str]:
        return {"default device": str(mx.default_device()), "generator": str(mx.random.state[0].tolist())}

    def _new(self, network: Network) -> Stack:
        """New layers, with MLX's own weights."""
        layers = []
        for cell in network.cells:
            phi = nonlinearity(cell.activation, self.parts.activations)
            layers.append(nn.RNN(cell.input_size, cell.hidden_size, bool(cell.biases), phi))
        stack = Stack(layers, self.parts.call_layer)
        stack.set_dtype(getattr(mx, str(network.dtype)))
        return stack

    def _assign(self, stack: Stack, network: Network) -> None:
        for layer, cell in zip(stack.layers, network.cells, strict=True):
            layer.update({name: tensor(array) for name, array in self._native(cell).items()})

    def _native(self, cell: Cell) -> dict[str, Array]:
        return native_arrays(self.conventions.weights, [cell])

    def _canonical(self, held: Mapping[str, Any]) -> dict[str, Array]:
        """The weights of a layer, or what has their shapes, by role."""
        arrays = {name: array(each) for name, each in held.items() if isinstance(each, mx.array)}
        (by_role,) = canonical_weights(self.conventions.weights, arrays)
        return {str(role): weight for role, weight in by_role.items()}

    @contextmanager
    def _function(self, model: Loaded) -> Iterator[Function]:
        """The call as a function of x, states and weights: sequence output and final states.

        What the layers hold while it is traced are no numbers; they get theirs back.
        """
        names, held = zip(*tree_flatten(model.stack.parameters()), strict=True)

        def function(x: mx.array, *given: mx.array) -> Arrays:
            states = given[: len(model.stack.layers)]
            model.stack.update(tree_unflatten(list(zip(names, given[len(states) :], strict=True))))
            return with_finals(model.called(x, *states))

        try:
            yield function
        finally:
            model.stack.update(tree_unflatten(list(zip(names, held, strict=True))))

    def _sources(self, model: Loaded, call: Call) -> Arrays:
        """What is differentiated with respect to: x, the states and the weights."""
        weights = [each for _, each in tree_flatten(model.stack.parameters())]
        return [tensor(call.x), *states_of(call.initial_states or ()), *weights]

    def _rates(self, direction: Gradients) -> Arrays:
        """A direction of change, in the order of `_sources`."""
        stacked = {"layers": [self._native(Cell(*cell)) for cell in direction.cells]}
        weights = [tensor(each) for _, each in tree_flatten(stacked)]
        return [tensor(direction.x), *states_of(direction.initial_states), *weights]

    def _gradients(self, model: Loaded, found: Iterable[mx.array]) -> Gradients:
        """Gradients in the order of `_sources` as those of a network."""
        d_x, *others = found
        layers = model.stack.layers
        d_states = tuple(array(state)[None] for state in others[: len(layers)])
        names = [name for name, _ in tree_flatten(model.stack.parameters())]
        by_layer = tree_unflatten(list(zip(names, others[len(layers) :], strict=True)))["layers"]
        cells = tuple(CellGradients(**self._canonical(layer)) for layer in by_layer)
        return Gradients(array(d_x), d_states, cells)


def with_finals(outputs: Arrays) -> list[mx.array]:
    """The sequence output of the top layer, and the last hidden state of each."""
    return [outputs[-1], *(output[..., -1, :] for output in outputs)]


def states_of(states: States) -> list[mx.array]:
    """(directions, batch, hidden) for each layer as MLX takes them; of more than one direction as it is."""
    return [tensor(state[0] if len(state) == 1 else state) for state in states]


def through_a_file(stack: Stack, other: Stack, form: str) -> None:
    """Give other layers the weights of these, by a file of this form."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, f"weights.{form}"))
        stack.save_weights(path)
        other.load_weights(path)
        mx.eval(other.parameters())  # they are read when they are needed


@contextmanager
def frozen_layers(stack: Stack, layers: tuple[int, ...]) -> Iterator[None]:
    """Layers whose weights are not trained."""
    for index in layers:
        stack.layers[index].freeze()
    try:
        yield
    finally:
        stack.unfreeze()


def size_of(parameters: Any) -> int:
    """The number of parameters in a tree."""
    return sum(each.size for _, each in tree_flatten(parameters))


def tensor(array: Array) -> mx.array:
    """An array of the same type, where MLX has it: without being told it takes float64 as float32.

    It says that it takes no negative strides.
    """
    if min(array.strides, default=0) < 0:
        array = array.copy()
    if array.dtype == "bfloat16":
        return mx.array(array.view(np.uint16)).view(mx.bfloat16)
    return mx.array(array, mx.float64) if array.dtype == np.float64 else mx.array(array)


def array(tensor: mx.array) -> Array:
    """The same numbers in NumPy."""
    if tensor.dtype == mx.bfloat16:
        return np.array(tensor.view(mx.uint16)).view("bfloat16")
    return np.array(tensor)
