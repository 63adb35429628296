"""How layers become a network, and how a mask enters it."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from rnn_adapters.adapter import Call, CannotExpress
from rnn_adapters.keras.layers import (
    Options,
    Workshop,
    cells_of,
    dtype_given,
    flat,
    given,
    loop_given,
    simple_rnn_cell,
)
from rnn_adapters.reference import marked_by_value
from rnn_reference.network import Array, Network

NativeArrays: TypeAlias = Mapping[str, Array]
"""The weights of one cell, by Keras's names of its variables."""

# How a mask enters.


@dataclass(frozen=True)
class Entrance:
    """The input as an argument, and no mask."""

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        """The first inputs of a model, what goes into its bottom layer, and the mask given to all layers."""
        x = keras.Input((None, network.input_size), dtype=str(network.dtype))
        return [x], x, None

    def arrays(self, x: Array, mask: Any) -> list[Array]:
        """Arrays for the inputs of `symbols`."""
        return [x]

    def prepare(self, keras: Any, model: Any, x: Array) -> None:
        """Make a model ready for a call: nothing needs to be done."""


@dataclass(frozen=True)
class MaskArgument(Entrance):
    """`mask=…`, given to every layer: Keras hands on only masks that layers make."""

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        inputs, x, _ = super().symbols(keras, network)
        mask = keras.Input((None,), dtype="bool")
        return [*inputs, mask], x, mask

    def arrays(self, x: Array, mask: Any) -> list[Array]:
        return [x, mask]


@dataclass(frozen=True)
class MaskOfValue(Entrance):
    """`Masking`: steps that hold this value in every feature are masked."""

    value: float

    @staticmethod
    def of(x: Array, mask: Array) -> Entrance:
        """With a value that no valid step holds in every feature."""
        return MaskOfValue(marked_by_value(x, mask)[1])

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        inputs, x, _ = super().symbols(keras, network)
        return inputs, keras.layers.Masking(self.value, dtype=str(network.dtype))(x), None

    def arrays(self, x: Array, mask: Any) -> list[Array]:
        return [marked_by_value(x, mask)[0]]


@dataclass(frozen=True)
class MaskOfZero(Entrance):
    """`Embedding(mask_zero=True)`: steps as numbers, zero where masked, which it turns into vectors.

    Args:
        rows: how many vectors it holds.
    """

    rows: int

    @staticmethod
    def of(x: Array, mask: Array) -> Entrance:
        """With room for the vectors of many calls, so that few models are built."""
        return MaskOfZero(256 * (1 + mask.size // 256))

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        numbers, dtype = keras.Input((None,), dtype="int32"), str(network.dtype)
        embedding = keras.layers.Embedding(self.rows, network.input_size, mask_zero=True, dtype=dtype)
        return [numbers], embedding(numbers), None

    def arrays(self, x: Array, mask: Any) -> list[Array]:
        return [np.where(mask, 1 + np.arange(mask.size).reshape(mask.shape), 0)]

    def prepare(self, keras: Any, model: Any, x: Array) -> None:
        """Give the embedding the vectors of this call; number 0 has none."""
        table = np.zeros((self.rows, x.shape[-1]), x.dtype)
        table[1 : 1 + x[..., 0].size] = x.reshape(-1, x.shape[-1])
        (embedding,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
        embedding.set_weights([table])


# What is called.


class Plan(NamedTuple):
    """What a network is put together for."""

    options: Options
    states: bool = False
    entrance: Entrance = Entrance()


class Assembled(ABC):
    """A network of Keras layers that is ready to be called.

    Args:
        layers: the Keras layers whose cells hold the weights, bottom first.
        outputs: how many outputs a call returns before the final states.
        compiled: what was compiled to differentiate it.
    """

    def __init__(self, layers: list[Any], outputs: int = 1) -> None:
        self.layers = layers
        self.outputs = outputs
        self.compiled: dict[Hashable, Any] = {}

    @property
    def cells(self) -> list[Any]:
        """The cells, bottom first and forward before backward."""
        return [cell for layer in self.layers for cell in cells_of(layer)]

    @property
    def weights(self) -> list[dict[str, Array]]:
        """The weights of every cell, as Keras holds them now."""
        return [{v.name: np.array(v.numpy()) for v in cell.trainable_variables} for cell in self.cells]

    def give(self, weights: Sequence[NativeArrays]) -> None:
        """Set the weights of every cell."""
        for cell, arrays in zip(self.cells, weights, strict=True):
            for variable in cell.trainable_variables:
                variable.assign(arrays[variable.name])

    def first_inputs(self, call: Call) -> list[Array]:
        """The arrays that `call` takes first: the input, and what says the mask."""
        return [call.x] if call.mask is None else [call.x, call.mask]

    @abstractmethod
    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        """Outputs and final states, one after the other.

        Args:
            first: `first_inputs`, or tensors in their place.
            states: for each layer the initial states of its directions.
            training: whether this is a call of training.
        """

    def joined(self, outputs: list[Array]) -> Array:
        """The outputs as one array: those of two directions side by side."""
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=-1)

    def parted(self, sequence: Array) -> list[Array]:
        """The other way round."""
        return np.split(sequence, self.outputs, axis=-1)

    def shapes(self, call: Call, outputs: list[Array]) -> dict[str, tuple[int, ...]]:
        """The shapes that Keras took and gave, of input and sequence output."""
        return {"x": call.x.shape, "sequence": self.joined(outputs).shape}

    def reset_states(self) -> None:
        """Make stateful layers forget."""
        for layer in self.layers:
            layer.reset_state()


def outputs_of(options: Options) -> int:
    """How many outputs a layer with these options returns."""
    return 2 if options.merge_mode == "none" else 1


class Stack(Assembled):
    """Layers called one after the other."""

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        taken = workshop.stack(network.layers, plan.options)
        super().__init__([layer for layer, _ in taken], outputs_of(plan.options))
        self._calls = [call for _, call in taken]

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        value, *masks = first
        finals, outputs = list[Any](), list[Any]()
        for index, call in enumerate(self._calls):
            options = given(
                initial_state=None if states is None else states[index],
                mask=masks[0] if masks else None,
                training=training or None,
            )
            returned = flat(call(value, **options))
            count = self.outputs if index == len(self._calls) - 1 else 1
            outputs, finals = returned[:count], finals + returned[count:]
            value = outputs[0]
        return [*outputs, *finals]


class StackOfCells(Stack):
    """`RNN([SimpleRNNCell(H), …])`: one loop over a stack of cells."""

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        keras, options = workshop.keras, plan.options
        cells = [simple_rnn_cell(keras, cell, options) for cell in network.cells]
        dtype = dtype_given(keras, network.cells[0], options)
        # RNN itself makes this of a list, and does not tell it the type.
        stack = keras.layers.StackedRNNCells(cells, **dtype) if dtype else cells
        layer = keras.layers.RNN(stack, **loop_given(options), **dtype)
        layer.build((options.stateful_batch, None, network.input_size))
        Assembled.__init__(self, [layer])
        self._calls = [workshop.parts.caller(layer)]

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        """Of states RNN takes a list with one for each cell, as it returns them."""
        return super().call(first, None if states is None else [flat(states)], training)


class CellByHand(Assembled):
    """`SimpleRNNCell(H)`, called for each step: one layer of one direction."""

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        (cell,) = network.cells
        self._cell = simple_rnn_cell(workshop.keras, cell, plan.options)
        self._cell.build((None, network.input_size))
        super().__init__([self._cell])

    @property
    def cells(self) -> list[Any]:
        return [self._cell]

    def first_inputs(self, call: Call) -> list[Array]:
        if call.x.ndim != 3 or not call.x.shape[1]:
            raise CannotExpress("a loop over steps needs steps")
        return [call.x]

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        (x,) = first
        h = self._cell.get_initial_state(x.shape[0]) if states is None else states[0]
        outputs = []
        for t in range(x.shape[1]):
            output, h = self._cell(x[:, t], h, **given(training=training or None))
            outputs.append(output)
        return [*outputs, *h]

    def joined(self, outputs: list[Array]) -> Array:
        """Its outputs are those of the steps."""
        return np.stack(outputs, axis=1)

    def parted(self, sequence: Array) -> list[Array]:
        return list(np.moveaxis(sequence, 1, 0))

    def shapes(self, call: Call, outputs: list[Array]) -> dict[str, tuple[int, ...]]:
        return {"x": call.x[:, 0].shape, "sequence": outputs[0].shape}


ModelCall: TypeAlias = Callable[[Any, list[Any], bool], Any]
"""How a model is called with its inputs, in training or not."""


def called(model: Any, inputs: Any, training: bool) -> Any:
    """`model(inputs)`."""
    return model(inputs, **given(training=training or None))


def called_with_one(model: Any, inputs: list[Any], training: bool) -> Any:
    """`model(x)`."""
    return called(model, inputs[0], training)


def predicted(model: Any, inputs: list[Any], training: bool) -> Any:
    """`predict`, in batches of two rows; it does not train."""
    return model.predict(inputs, batch_size=2, verbose=0)


Passage: TypeAlias = Callable[[Any, Any], Any]
"""From a model to the one that is called in the end."""


def through_model_file(keras: Any, model: Any) -> Any:
    """The model written to a `.keras` file and read again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.models.load_model(path)


def through_weights_file(keras: Any, model: Any) -> Any:
    """Weights written to a file and read into the same model, which was given others in between."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
        model.load_weights(path)
    return model


class Model(Assembled):
    """A Keras model of all layers, and what is called in its place after a passage."""

    def __init__(self, keras: Any, model: Any, layers: list[Any], plan: Plan, how: Modelled) -> None:
        super().__init__(layers, outputs_of(plan.options))
        self.model, self._built, self._keras, self._plan, self._how = model, model, keras, plan, how
        self._built_layers = layers

    def give(self, weights: Sequence[NativeArrays]) -> None:
        self.model, self.layers = self._built, self._built_layers
        super().give(weights)
        if self._how.passage is not None:
            self.model = self._how.passage(self._keras, self._built)
            kinds = (self._keras.layers.RNN, self._keras.layers.Bidirectional)
            self.layers = [layer for layer in self.model.layers if isinstance(layer, kinds)]
            self.compiled.clear()

    def first_inputs(self, call: Call) -> list[Array]:
        self._plan.entrance.prepare(self._keras, self.model, call.x)
        return self._plan.entrance.arrays(call.x, call.mask)

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        return flat(self._how.call(self.model, [*first, *flat(states or [])], training))


# How a network is put together.


@dataclass(frozen=True)
class LayerByLayer:
    """Layers, a stack of cells or a cell, called with arrays.

    Args:
        of: what is called.
    """

    of: Callable[[Workshop, Network, Plan], Assembled] = Stack

    def plan(self, call: Call) -> Plan:
        """States and mask are arguments, for which nothing need be built."""
        return Plan(Options.of(call))

    def assembled(self, workshop: Workshop, network: Network, plan: Plan) -> Assembled:
        """Layers with weights of their own."""
        return self.of(workshop, network, plan)


@dataclass(frozen=True)
class Modelled:
    """A functional model of all layers, with inputs for initial states and mask, and all states as outputs.

    Args:
        mask: how a mask enters, for an input and a mask.
        call: how the model is called.
        passage: what it goes through once it has its weights.
    """

    mask: Callable[[Array, Array], Entrance] = lambda x, mask: MaskArgument()
    call: ModelCall = called
    passage: Passage | None = None

    def plan(self, call: Call) -> Plan:
        """A model for these inputs. A mask that does not fit the input can only be an argument."""
        entrance = Entrance()
        if call.mask is not None:
            fits = call.mask.shape == call.x.shape[:2]
            entrance = self.mask(call.x, call.mask) if fits else MaskArgument()
        return Plan(Options.of(call), call.initial_states is not None, entrance)

    def assembled(self, workshop: Workshop, network: Network, plan: Plan) -> Assembled:
        """A model around layers of the workshop."""
        keras, dtype = workshop.keras, str(network.dtype)
        inputs, value, mask = plan.entrance.symbols(keras, network)
        stack = workshop.stack(network.layers, plan.options)
        outputs, finals = list[Any](), list[Any]()
        for index, ((made, _), layer) in enumerate(zip(stack, network.layers, strict=True)):
            initial = [keras.Input((layer.hidden_size,), dtype=dtype) for _ in layer.cells if plan.states]
            inputs += initial
            returned = flat(made(value, **given(initial_state=initial or None, mask=mask)))
            count = outputs_of(plan.options) if index == network.num_layers - 1 else 1
            outputs, finals = returned[:count], finals + returned[count:]
            value = outputs[0]
        model = keras.Model(inputs, [*outputs, *finals])
        return Model(keras, model, [made for made, _ in stack], plan, self)


@dataclass(frozen=True)
class InSequence(Modelled):
    """A `Sequential` model, which takes no states and no mask, and gives one output."""

    call: ModelCall = called_with_one

    def assembled(self, workshop: Workshop, network: Network, plan: Plan) -> Assembled:
        keras = workshop.keras
        layers = [made for made, _ in workshop.stack(network.layers, plan.options)]
        entrance = keras.Input((None, network.input_size), dtype=str(network.dtype))
        return Model(keras, keras.Sequential([entrance, *layers]), layers, plan, self)
