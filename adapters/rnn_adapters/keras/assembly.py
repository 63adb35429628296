"""How layers become a network, and how a mask enters it."""

from __future__ import annotations

import copy
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from rnn_adapters.adapter import Call, CannotExpress
from rnn_adapters.keras.derivatives import NONE, Differentiator
from rnn_adapters.keras.exports import Export, Runner
from rnn_adapters.keras.layers import (
    LayerCall,
    LayerParts,
    Options,
    Workshop,
    build,
    cells_of,
    dtype_given,
    flat,
    forget,
    given,
    loop_given,
    name_of,
    simple_rnn_cell,
    states_of,
)
from rnn_adapters.keras.own_cell import own_among_others
from rnn_adapters.reference import marked_by_value
from rnn_reference.network import Array, Cell, Network

# How a mask enters a model.


@dataclass(frozen=True)
class Entrance:
    """The input as an argument, and no mask."""

    number: float = 0
    """What is told to the layer that makes a mask."""

    @classmethod
    def of(cls, x: Array, mask: Array) -> Entrance:
        """For a call with this input and mask."""
        return cls()

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        """The first inputs of a model, what goes into its bottom layer, and the mask given to all layers."""
        x = keras.Input((None, network.input_size), dtype=str(network.dtype))
        return [x], x, None

    def arrays(self, model: Any, x: Array, mask: Any) -> list[Array]:
        """Arrays for the inputs of `symbols`, and whatever else the model needs for them."""
        return [x] if mask is None else [x, mask]


class MaskArgument(Entrance):
    """`mask=…`, given to every layer: Keras hands on only masks that layers make."""

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        inputs, x, _ = super().symbols(keras, network)
        mask = keras.Input((None,), dtype="bool")
        return [*inputs, mask], x, mask


class MaskOfValue(Entrance):
    """`Masking`: steps that hold this number in every feature are masked; no valid step does."""

    @classmethod
    def of(cls, x: Array, mask: Array) -> Entrance:
        return cls(marked_by_value(x, mask)[1])

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        inputs, x, _ = super().symbols(keras, network)
        return inputs, keras.layers.Masking(self.number, dtype=str(network.dtype))(x), None

    def arrays(self, model: Any, x: Array, mask: Any) -> list[Array]:
        return [marked_by_value(x, mask)[0]]


class MaskOfZero(Entrance):
    """`Embedding(mask_zero=True)`: steps as numbers, zero where masked, which it turns into vectors.

    It has room for the vectors of many calls, so that few models are built.
    """

    @classmethod
    def of(cls, x: Array, mask: Array) -> Entrance:
        return cls(256 * (1 + mask.size // 256))

    def symbols(self, keras: Any, network: Network) -> tuple[list[Any], Any, Any]:
        numbers, dtype = keras.Input((None,), dtype="int32"), str(network.dtype)
        embedding = keras.layers.Embedding(self.number, network.input_size, mask_zero=True, dtype=dtype)
        return [numbers], embedding(numbers), None

    def arrays(self, model: Any, x: Array, mask: Any) -> list[Array]:
        table = np.zeros((int(self.number), x.shape[-1]), x.dtype)
        table[1 : 1 + mask.size] = x.reshape(-1, x.shape[-1])
        model.layers[1].set_weights([table])
        return [np.where(mask, 1 + np.arange(mask.size).reshape(mask.shape), 0)]


# What is called.


class Plan(NamedTuple):
    """What a network is put together for."""

    options: Options = Options()
    states: bool = False
    entrance: Entrance = Entrance()


class Assembled(ABC):
    """A network of Keras layers that is ready to be called.

    Args:
        layers: the Keras layers whose cells hold the weights, bottom first.
        plan: what it is made for.
    """

    def __init__(self, layers: list[Any], plan: Plan) -> None:
        self.layers = layers
        self.plan = plan
        self.outputs = 2 if plan.options.merge_mode == "none" else 1
        self.compiled: dict[Hashable, Any] = {}  # to differentiate it

    @staticmethod
    def plan_of(parts: Parts, call: Call) -> Plan:
        """What a call needs. States and mask are arguments here, for which nothing need be built."""
        return Plan(Options.of(call))

    @property
    def cells(self) -> list[Any]:
        """The cells, bottom first and forward before backward."""
        return [cell for layer in self.layers for cell in cells_of(layer)]

    @property
    def weights(self) -> list[dict[str, Array]]:
        """The weights of every cell by Keras's names, as Keras holds them now."""
        return [{name_of(v): np.array(v.numpy()) for v in cell.weights} for cell in self.cells]

    def give(self, weights: Sequence[Mapping[str, Array]]) -> None:
        """Set the weights of every cell."""
        for cell, arrays in zip(self.cells, weights, strict=True):
            for variable in cell.weights:
                variable.assign(arrays[name_of(variable)])

    def assign(self, weights: Sequence[Mapping[str, Array]]) -> None:
        """Assign the weights that are others: of a layer of which all are, together by `set_weights`."""
        left = iter(weights)
        for layer in self.layers:
            pairs = [
                (variable, arrays[name_of(variable)])
                for cell, arrays in zip(cells_of(layer), left, strict=False)
                for variable in cell.trainable_variables
            ]
            # By their bits: −0 equals 0, and is another weight.
            other = [np.asarray(variable.numpy()).tobytes() != array.tobytes() for variable, array in pairs]
            if all(other):
                layer.set_weights([array for _, array in pairs])
                continue
            for (variable, array), differs in zip(pairs, other, strict=True):
                if differs:
                    variable.assign(array)

    def restored(self, workshop: Workshop, network: Network) -> Assembled:
        """The same of layers that were written to a file and read again."""
        raise NotImplementedError

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

    def through(
        self, calls: Sequence[LayerCall], x: Any, mask: Any, states: Any, training: bool
    ) -> list[Any]:
        """What layers return that are called one after the other: outputs of the last, and all states."""
        finals, outputs = list[Any](), [x]
        for index, call in enumerate(calls):
            initial = None if states is None else states[index]
            returned = flat(call(outputs[0], **given(initial_state=initial, mask=mask, training=training)))
            count = self.outputs if index == len(calls) - 1 else 1
            outputs, finals = returned[:count], finals + returned[count:]
        return [*outputs, *finals]

    def kept_states(self) -> list[Any]:
        """The variables in which stateful layers keep their states."""
        return [variable for layer in self.layers for variable in states_of(layer)]

    def reset_states(self, besides: Sequence[Any] = ()) -> None:
        """Make stateful layers forget, but for those that others are put together of, too."""
        for layer in self.layers:
            if not any(layer is other for other in besides):
                forget(layer)


class Stack(Assembled):
    """Layers called one after the other."""

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        layers, self._calls = workshop.stack(network.layers, plan.options)
        super().__init__(layers, plan)

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        x, mask = (*first, None)[:2]
        return self.through(self._calls, x, mask, states, training)

    def restored(self, workshop: Workshop, network: Network) -> Stack:
        """By the file of a model around the layers."""
        x = workshop.keras.Input((None, network.input_size), dtype=str(network.dtype))
        model = workshop.keras.Model(x, self.through(self.layers, x, None, None, training=False))
        other = copy.copy(self)
        other.layers = recurrent(workshop.keras, through_model_file(workshop.keras, model))
        other._calls, other.compiled = [workshop.parts.caller(layer) for layer in other.layers], {}
        return other


class StackOfCells(Stack):
    """`RNN([SimpleRNNCell(H), …])`: one loop over a stack of cells."""

    more: Mapping[str, Any] = {}
    """Arguments of the stack, where they are not Keras's defaults."""

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        keras, options = workshop.keras, plan.options
        cells = [self.cell(keras, index, cell, options) for index, cell in enumerate(network.cells)]
        dtype = dtype_given(keras, network.cells[0], options)
        # RNN itself makes this of a list, and does not tell it the type.
        more = {**dtype, **self.more}
        stack = keras.layers.StackedRNNCells(cells, **more) if more else cells
        layer = keras.layers.RNN(stack, **loop_given(options), **dtype)
        build(keras, layer, (options.stateful_batch, None, network.input_size), options)
        Assembled.__init__(self, [layer], plan)
        self._calls = [workshop.parts.caller(layer)]

    @staticmethod
    def cell(keras: Any, index: int, cell: Cell, options: Options) -> Any:
        """One cell of the stack, counted from the bottom."""
        return simple_rnn_cell(keras, cell, options)

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        """Of states RNN takes a list with one for each cell, as it returns them."""
        return super().call(first, None if states is None else [flat(states)], training)


class StackOfOwnCells(StackOfCells):
    """`RNN([OwnCell(H), OwnCell(H), SimpleRNNCell(H), …])`."""

    cell = staticmethod(own_among_others)


class CellByHand(Assembled):
    """`SimpleRNNCell(H)`, called for each step: one layer of one direction."""

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        (cell,) = network.cells
        self._cell = simple_rnn_cell(workshop.keras, cell, plan.options)
        build(workshop.keras, self._cell, (None, network.input_size), plan.options)
        super().__init__([self._cell], plan)

    def first_inputs(self, call: Call) -> list[Array]:
        if call.x.ndim != 3 or not call.x.shape[1]:
            raise CannotExpress("a loop over steps needs steps")
        return [call.x]

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        (x,) = first
        h = self.said(self._first_state(x) if states is None else states[0])
        outputs = []
        for t in range(x.shape[1]):
            output, h = self._cell(x[:, t], h, **given(training=training))
            outputs.append(output)
        self._cell.reset_dropout_mask()
        self._cell.reset_recurrent_dropout_mask()
        return [*outputs, *flat(h)]

    def _first_state(self, x: Any) -> Any:
        return self._cell.get_initial_state(x.shape[0])

    @staticmethod
    def said(states: list[Any]) -> Any:
        """The state as the cell is given it: in a list."""
        return states

    def joined(self, outputs: list[Array]) -> Array:
        """Its outputs are those of the steps."""
        return np.stack(outputs, axis=1)

    def parted(self, sequence: Array) -> list[Array]:
        return list(np.moveaxis(sequence, 1, 0))

    def shapes(self, call: Call, outputs: list[Array]) -> dict[str, tuple[int, ...]]:
        return {"x": call.x[:, 0].shape, "sequence": outputs[0].shape}


class CellOfBareState(CellByHand):
    """The same, given its state as a tensor, as which it then returns it."""

    @staticmethod
    def said(states: list[Any]) -> Any:
        return states[0]


class Model(Assembled):
    """A functional model of all layers: initial states and mask are inputs, all final states outputs."""

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        self._keras, self._parts = workshop.keras, workshop.parts
        super().__init__(workshop.stack(network.layers, plan.options)[0], plan)
        self.model = self._modelled(network)
        self._built = self.layers, self.model

    @staticmethod
    def plan_of(parts: Parts, call: Call) -> Plan:
        """A model for these inputs. A mask that does not fit the input can only be an argument."""
        entrance = Entrance()
        if call.mask is not None:
            fits = call.mask.shape == call.x.shape[:2]
            entrance = (parts.mask if fits else MaskArgument).of(call.x, call.mask)
        return Plan(Options.of(call), call.initial_states is not None, entrance)

    def _modelled(self, network: Network) -> Any:
        inputs, x, mask = self.plan.entrance.symbols(self._keras, network)
        states = None
        if self.plan.states:
            symbol, dtype = self._keras.Input, str(network.dtype)
            states = [
                [symbol((each.hidden_size,), dtype=dtype) for _ in each.cells] for each in network.layers
            ]
        outputs = self.through(self.layers, x, mask, states, training=False)
        return self._keras.Model([*inputs, *flat(states or [])], outputs)

    def give(self, weights: Sequence[Mapping[str, Array]]) -> None:
        """The model that is called in the end is what comes out of a passage."""
        self.layers, built = self._built
        super().give(weights)
        if self._parts.passage is not None:
            self.model = self._parts.passage(self._keras, built)
            self.layers = recurrent(self._keras, self.model)
            self.compiled.clear()

    def first_inputs(self, call: Call) -> list[Array]:
        return self.plan.entrance.arrays(self.model, call.x, call.mask)

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        return flat(self._parts.call(self.model, [*first, *flat(states or [])]))


class Exported(Model):
    """A functional model that is called as what was exported of it, which is done anew for other weights.

    Models share layers: their weights may have become others since, by another model.
    """

    def __init__(self, workshop: Workshop, network: Network, plan: Plan) -> None:
        super().__init__(workshop, network, plan)
        self._runners = dict[Hashable, Runner]()
        self._exported_with = list[bytes]()

    @property
    def fixed(self) -> int:
        """How many axes of the inputs are of the sizes of a call."""
        axes: int = self._parts.export.fixed
        return axes

    def exported(self, inputs: list[Any]) -> Runner:
        """What runs the model for such inputs."""
        made: Runner = self._parts.export(self._keras, self.model, inputs)
        return made

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        inputs = [*first, *flat(states or [])]
        weights = [array.tobytes() for cell in self.weights for array in cell.values()]
        if weights != self._exported_with:
            self._runners.clear()
            self._exported_with = weights
        sizes = tuple(array.shape[: self.fixed] for array in inputs)
        if sizes not in self._runners:
            self._runners[sizes] = self.exported(inputs)
        return self._runners[sizes](inputs)


class InSequence(Model):
    """A `Sequential` model, which takes no states and no mask, and gives one output."""

    def _modelled(self, network: Network) -> Any:
        x = self._keras.Input((None, network.input_size), dtype=str(network.dtype))
        return self._keras.Sequential([x, *self.layers])

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        return flat(self.model(*first))


def recurrent(keras: Any, model: Any) -> list[Any]:
    """The recurrent layers of a model, bottom first."""
    kinds = (keras.layers.RNN, keras.layers.Bidirectional)
    return [layer for layer in model.layers if isinstance(layer, kinds)]


def called(model: Any, inputs: list[Any]) -> Any:
    """`model(inputs)`."""
    return model(inputs)


def predicted(model: Any, inputs: list[Any]) -> Any:
    """`predict`, in batches of two rows; it does not train."""
    return model.predict(inputs, batch_size=2, verbose=0)


def through_model_file(keras: Any, model: Any, suffix: str = ".keras", **options: Any) -> Any:
    """The model written to a file, or to a folder, and read again."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(path := f"{folder}/model{suffix}", **options)
        return keras.models.load_model(path)


through_h5 = partial(through_model_file, suffix=".h5")


def through_weights_file(keras: Any, model: Any) -> Any:
    """Weights written to a file and read into the same model, which was given others in between."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_weights(path := f"{folder}/model.weights.h5")
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
        model.load_weights(path)
    return model


@dataclass(frozen=True)
class Parts(LayerParts):
    """What an adapter is put together from; a route changes one of them.

    Args:
        assembly: how a network is made of layers.
        mask: how a mask enters a model.
        call: how a model is called with its inputs.
        passage: what a model goes through once it has its weights.
        export: what is called of a model in its place.
        differentiator: how derivatives are taken.
        device: what computes, as `keras.device` has it; "" leaves it to the backend.
    """

    assembly: type[Stack] | type[CellByHand] | type[Model] = Stack
    mask: type[Entrance] = MaskArgument
    call: Callable[[Any, list[Any]], Any] = called
    passage: Callable[[Any, Any], Any] | None = None
    export: Export | None = None
    differentiator: Differentiator = NONE
    device: str = ""
