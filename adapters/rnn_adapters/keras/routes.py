"""Other ways into Keras's `SimpleRNN`: unrolled, by its cell, compiled, in models, from files, masked.

Each is the usual adapter with one thing changed.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnn_adapters.adapter import Call, CannotExpress, Output
from rnn_adapters.keras.adapter import (
    KerasAdapter,
    KerasModel,
    LayerCall,
    LayerOptions,
    eager,
    given,
    options_of_cell,
    options_of_layer,
    to_keras,
)
from rnn_adapters.keras.derivatives import ByJax, ByTapeInXla, Computation, Differentiator
from rnn_adapters.reference import marked_by_value
from rnn_reference.gradients import Gradients
from rnn_reference.network import Cell, Network

# Layer by layer, as usual.


class Unrolled(KerasAdapter):
    """The loop over time as a list of steps, which shows zeros before the first valid step."""

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.conventions = replace(self.conventions, padded_output="carried")

    def one_direction(self, cell: Cell, wanted: LayerOptions) -> Any:
        return self.keras.layers.SimpleRNN(
            cell.hidden_size, unroll=True, **options_of_cell(cell, wanted), **options_of_layer(wanted)
        )


class LoopOverCell(KerasAdapter):
    """Keras's general loop around the cell."""

    def one_direction(self, cell: Cell, wanted: LayerOptions) -> Any:
        layers = self.keras.layers
        keras_cell = layers.SimpleRNNCell(cell.hidden_size, **options_of_cell(cell, wanted))
        return layers.RNN(keras_cell, dtype=wanted.dtype_of(cell), **options_of_layer(wanted))


class ZeroOutput(KerasAdapter):
    """Zeros at masked steps, asked for."""

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.conventions = replace(self.conventions, padded_output="zero")

    def one_direction(self, cell: Cell, wanted: LayerOptions) -> Any:
        return self.keras.layers.SimpleRNN(
            cell.hidden_size,
            zero_output_for_mask=True,
            **options_of_cell(cell, wanted),
            **options_of_layer(wanted),
        )


class Graph(KerasAdapter):
    """A graph of TensorFlow's for every layer."""

    jit_compile = False

    def caller(self, built: Any) -> LayerCall:
        import tensorflow

        # A function for each set of arguments: relaxing its shapes (reduce_retracing), TensorFlow 2.21 raises
        # IndexError when a call gives an argument that those before did not.
        functions: dict[frozenset[str], Any] = {}

        def run(x: Any, **options: Any) -> list[Any]:
            given_options = frozenset(options)
            if given_options not in functions:
                functions[given_options] = tensorflow.function(
                    built, jit_compile=self.jit_compile, reduce_retracing=True
                )
            return list(functions[given_options](x, **options))

        return run


class Xla(Graph):
    """The graph compiled by XLA."""

    jit_compile = True

    def differentiator(self) -> Differentiator:
        return ByTapeInXla()


class EagerJax(KerasAdapter):
    """Operation by operation."""

    def differentiator(self) -> Differentiator:
        return ByJax(compiled=False)

    def caller(self, built: Any) -> LayerCall:
        return eager(built)


class CellByHand(KerasAdapter):
    """The cell, called for each step: one layer of one direction."""

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.conventions = replace(
            self.conventions,
            layer="keras.layers.SimpleRNNCell",
            axes={"x": ("batch", "input"), "final_states": ("batch", "hidden")},
        )
        self.supports = replace(
            self.supports,
            bidirectional=False,
            stacked=False,
            mixed_layers=False,
            last_output=False,
            masks=False,
            go_backwards=False,
            merge_modes=("concat",),
            stateful=False,
            dropout=(),
        )
        self._cells_built: dict[Any, Any] = {}

    def run(self, model: KerasModel, call: Call) -> Output:
        if call.x.ndim != 3 or not call.x.shape[1]:
            raise CannotExpress("a loop over steps needs steps")
        keras_cell = self._loaded_cell(model)
        states = call.initial_states
        h = keras_cell.get_initial_state(len(call.x)) if states is None else list(states[0])
        outputs = []
        for x_t in np.moveaxis(call.x, 1, 0):
            output, h = keras_cell(x_t, h)
            outputs.append(self.numpy(output))
        final = self.numpy(h[0])
        return Output(
            sequence=np.stack(outputs, axis=1),
            final_states=(final[None],),
            native_shapes={"x": call.x.shape[::2], "final_states": final.shape},
        )

    def _loaded_cell(self, model: KerasModel) -> Any:
        (cell,) = model.network.cells
        key = (cell.input_size, cell.hidden_size, cell.activation, bool(cell.biases), cell.dtype)
        if key not in self._cells_built:
            made = self.keras.layers.SimpleRNNCell(cell.hidden_size, **options_of_cell(cell, LayerOptions()))
            made.build((None, cell.input_size))
            self._cells_built[key] = made
        self._cells_built[key].set_weights(to_keras(cell))
        return self._cells_built[key]

    def computation(self, model: KerasModel, call: Call) -> Computation:
        keras_cell = self._loaded_cell(model)

        def function(inputs: list[Any], constants: list[Any]) -> list[Any]:
            x, h = inputs
            outputs, state = [], [h]
            for t in range(call.x.shape[1]):
                output, state = keras_cell(x[:, t], state)
                outputs.append(output)
            return [self.keras.ops.stack(outputs, axis=1), state[0]]

        ((h0,),) = call.initial_states or ((call.x,),)
        variables = list(keras_cell.trainable_variables)
        key = (keras_cell, call.x.shape[1])
        return Computation(function, [call.x, h0], [], variables, key, self._differentiated)


# All layers in one model.


class Plan(NamedTuple):
    """What a model is built for."""

    options: LayerOptions
    states: bool
    mask: bool


class Built(NamedTuple):
    """A Keras model and its recurrent layers, bottom first."""

    model: Any
    layers: list[Any]


class WholeModel(KerasAdapter):
    """A functional model of all layers, with inputs for initial states and mask, and all states as outputs.

    A mask that is an input is given to every layer: Keras hands on only masks that layers make.
    """

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.supports = replace(
            self.supports, stateful=False, dropout=(), tangents=False, second_gradients=False
        )
        self._models: dict[Any, Built] = {}

    def run(self, model: KerasModel, call: Call) -> Output:
        plan = Plan(LayerOptions.of(call), call.initial_states is not None, call.mask is not None)
        built = self._loaded_model(model.network, plan)
        states = [state for layer in call.initial_states or () for state in layer]
        inputs = [*self.first_inputs(call), *states]
        returned = self.call(built, inputs)
        arrays = [self.numpy(array) for array in returned]
        outputs = 2 if call.merge_mode == "none" else 1
        output, final = np.concatenate(arrays[:outputs], axis=-1), iter(arrays[outputs:])
        final_states = tuple(np.stack([next(final) for _ in layer.cells]) for layer in model.network.layers)
        shapes = {"x": call.x.shape, "final_states": final_states[0][0].shape}
        return Output(
            sequence=output if call.return_sequences else None,
            last=None if call.return_sequences else output,
            final_states=final_states,
            native_shapes=shapes | ({"sequence": output.shape} if call.return_sequences else {}),
        )

    def computation(self, model: KerasModel, call: Call) -> Computation:
        built = self._loaded_model(model.network, Plan(LayerOptions(), True, call.mask is not None))
        states = [direction for state in call.initial_states or () for direction in state]
        first, *constants = self.first_inputs(call)

        def function(inputs: list[Any], constants: list[Any]) -> list[Any]:
            return list(
                built.model([inputs[0], *map(self.keras.ops.convert_to_tensor, constants), *inputs[1:]])
            )

        variables = self.variables(built.layers)
        return Computation(
            function, [first, *states], constants, variables, built.model, self._differentiated
        )

    def _loaded_model(self, network: Network, plan: Plan) -> Built:
        """Built once for shapes and options; the weights are given every time."""
        shapes = tuple(
            (cell.W_x.shape, cell.activation, bool(cell.biases), cell.dtype) for cell in network.cells
        )
        key = (shapes, tuple(layer.directions for layer in network.layers), plan)
        if key not in self._models:
            self._models[key] = self.build(network, plan)
        built = self._models[key]
        for keras_layer, layer in zip(built.layers, network.layers, strict=True):
            for keras_cell, cell in zip(self.cells(keras_layer), layer.cells, strict=True):
                keras_cell.set_weights(to_keras(cell))
        return self.prepared(built)

    def build(self, network: Network, plan: Plan) -> Built:
        """The model, with weights of its own."""
        keras, dtype = self.keras, str(network.dtype)
        inputs, value, mask = self.entrance(network, plan)
        layers, states = [], []
        for index, layer in enumerate(network.layers):
            top = index == network.num_layers - 1
            made = self.make(layer, plan.options if top else plan.options.of_lower_layers)
            initial = None
            if plan.states:
                initial = [keras.Input((layer.hidden_size,), dtype=dtype) for _ in layer.cells]
                inputs += initial
            returned = list(made(value, **given(initial_state=initial, mask=mask)))
            outputs = 2 if top and plan.options.merge_mode == "none" else 1
            value = returned[0]
            states += returned[outputs:]
            layers.append(made)
        return Built(keras.Model(inputs, [*returned[:outputs], *states]), layers)

    def entrance(self, network: Network, plan: Plan) -> tuple[list[Any], Any, Any]:
        """The first inputs, what goes into the bottom layer, and the mask that is given to every layer."""
        x = self.keras.Input((None, network.input_size), dtype=str(network.dtype))
        if not plan.mask:
            return [x], x, None
        mask = self.keras.Input((None,), dtype="bool")
        return [x, mask], x, mask

    def first_inputs(self, call: Call) -> list[Any]:
        """Arrays for the inputs of `entrance`."""
        return [call.x] if call.mask is None else [call.x, call.mask]

    def prepared(self, built: Built) -> Built:
        """What is called in the end: the model itself."""
        return built

    def call(self, built: Built, inputs: Any) -> list[Any]:
        """The call."""
        return list(built.model(inputs))


class Predict(WholeModel):
    """`predict`, in batches of two rows; it does not train."""

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.supports = replace(self.supports, gradients=False)

    def call(self, built: Built, inputs: Any) -> list[Any]:
        return list(built.model.predict(inputs, batch_size=2, verbose=0))


class Sequential(WholeModel):
    """A `Sequential` model, which takes no states and gives none."""

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.supports = replace(
            self.supports, initial_states=False, final_states=False, masks=False, merge_modes=("concat",)
        )

    def run(self, model: KerasModel, call: Call) -> Output:
        built = self._loaded_model(model.network, Plan(LayerOptions.of(call), False, False))
        output = self.numpy(built.model(call.x))
        return Output(
            sequence=output if call.return_sequences else None, last=None if call.return_sequences else output
        )

    def build(self, network: Network, plan: Plan) -> Built:
        keras = self.keras
        layers = []
        for index, layer in enumerate(network.layers):
            options = plan.options if index == network.num_layers - 1 else plan.options.of_lower_layers
            layers.append(self.make(layer, options))
        entrance = keras.Input((None, network.input_size), dtype=str(network.dtype))
        return Built(keras.Sequential([entrance, *layers]), layers)

    def one_direction(self, cell: Cell, wanted: LayerOptions) -> Any:
        options = options_of_cell(cell, wanted) | options_of_layer(wanted) | {"return_state": False}
        return self.keras.layers.SimpleRNN(cell.hidden_size, **options)


class ModelFile(WholeModel):
    """The model written to a `.keras` file and read again."""

    def prepared(self, built: Built) -> Built:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            built.model.save(path)
            model = self.keras.models.load_model(path)
        recurrent = (self.keras.layers.SimpleRNN, self.keras.layers.Bidirectional)
        return Built(model, [layer for layer in model.layers if isinstance(layer, recurrent)])


class WeightsFile(WholeModel):
    """Weights written to a file and read into the same model, which was given others in between."""

    def prepared(self, built: Built) -> Built:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.weights.h5"
            built.model.save_weights(path)
            built.model.set_weights([np.zeros_like(weight) for weight in built.model.get_weights()])
            built.model.load_weights(path)
        return built


class Masking(WholeModel):
    """A mask made of a value in every feature. It is part of the model, which is therefore built anew."""

    def first_inputs(self, call: Call) -> list[Any]:
        if call.mask is None or call.mask.shape != call.x.shape[:2]:
            return super().first_inputs(call)
        return [marked_by_value(call.x, call.mask)[0]]

    def run(self, model: KerasModel, call: Call) -> Output:
        self._mark(call)
        return super().run(model, call)

    def computation(self, model: KerasModel, call: Call) -> Computation:
        self._mark(call)
        return super().computation(model, call)

    def _mark(self, call: Call) -> None:
        if call.mask is not None and call.mask.shape == call.x.shape[:2]:
            self._models.clear()
            self._value = marked_by_value(call.x, call.mask)[1]

    def entrance(self, network: Network, plan: Plan) -> tuple[list[Any], Any, Any]:
        if not plan.mask:
            return super().entrance(network, plan)
        x = self.keras.Input((None, network.input_size), dtype=str(network.dtype))
        masking = self.keras.layers.Masking(self._value, dtype=str(network.dtype))
        return [x], masking(x), None


class EmbeddingMask(WholeModel):
    """Steps as numbers, zero where masked; an embedding turns them into vectors and makes the mask."""

    def first_inputs(self, call: Call) -> list[Any]:
        if call.mask is None or call.mask.shape != call.x.shape[:2]:
            return super().first_inputs(call)
        self._vectors = np.concatenate([np.zeros_like(call.x[:1, 0]), call.x.reshape(-1, call.x.shape[-1])])
        numbers = 1 + np.arange(call.mask.size).reshape(call.mask.shape)
        return [np.where(call.mask, numbers, 0)]

    def entrance(self, network: Network, plan: Plan) -> tuple[list[Any], Any, Any]:
        if not plan.mask:
            return super().entrance(network, plan)
        numbers = self.keras.Input((None,), dtype="int32")
        embedding = self.keras.layers.Embedding(
            ROWS_EMBEDDED, network.input_size, mask_zero=True, dtype=str(network.dtype)
        )
        return [numbers], embedding(numbers), None

    def call(self, built: Built, inputs: Any) -> list[Any]:
        self._fill_table(built)
        return super().call(built, inputs)

    def _fill_table(self, built: Built) -> list[Any]:
        """Give the embedding its vectors; the variables that hold them."""
        found = [layer for layer in built.model.layers if isinstance(layer, self.keras.layers.Embedding)]
        for layer in found:
            table = np.zeros((ROWS_EMBEDDED, self._vectors.shape[1]), self._vectors.dtype)
            table[: len(self._vectors)] = self._vectors
            layer.set_weights([table])
        return [variable for layer in found for variable in layer.trainable_variables]

    def computation(self, model: KerasModel, call: Call) -> Computation:
        """The vectors of the table are inputs here as much as x is elsewhere."""
        usual = super().computation(model, call)
        if call.mask is None:
            return usual
        built = self._loaded_model(model.network, Plan(LayerOptions(), True, True))

        def function(inputs: list[Any], constants: list[Any]) -> list[Any]:
            tensors = [self.keras.ops.convert_to_tensor(constant) for constant in constants]
            return list(built.model([*tensors, *inputs]))

        numbers, *states = usual.inputs
        variables = [*self._fill_table(built), *usual.variables]
        return replace(usual, function=function, inputs=states, constants=[numbers], variables=variables)

    def as_gradients(self, model: KerasModel, call: Call, found: list[Any]) -> Gradients:
        if call.mask is None:
            return super().as_gradients(model, call, found)
        states = sum(len(layer.cells) for layer in model.network.layers)
        dx = self.numpy(found[states])[self.first_inputs(call)[0]]
        return super().as_gradients(model, call, [dx, *found[:states], *found[states + 1 :]])


ROWS_EMBEDDED = 256


class StackedCells(WholeModel):
    """One loop over a stack of cells: layers of one direction."""

    def __init__(self, backend: str | None = None) -> None:
        super().__init__(backend)
        self.supports = replace(
            self.supports, bidirectional=False, go_backwards=False, merge_modes=("concat",), masks=True
        )

    def build(self, network: Network, plan: Plan) -> Built:
        keras = self.keras
        dtype = str(network.dtype)
        inputs, value, mask = self.entrance(network, plan)
        cells = [
            keras.layers.SimpleRNNCell(cell.hidden_size, **options_of_cell(cell, plan.options))
            for cell in network.cells
        ]
        initial = None
        if plan.states:
            initial = [keras.Input((cell.hidden_size,), dtype=dtype) for cell in network.cells]
            inputs += initial
        loop = keras.layers.RNN(cells, dtype=dtype, **options_of_layer(plan.options))
        # RNN asks for the states of a stack one by one, as it returns them.
        returned = loop(value, **given(initial_state=initial, mask=mask))
        return Built(keras.Model(inputs, list(returned)), cells)

    def cells(self, built: Any) -> list[Any]:
        return [built] if isinstance(built, self.keras.layers.SimpleRNNCell) else super().cells(built)


WAYS: dict[str, type[KerasAdapter]] = {
    "unrolled": Unrolled,
    "RNN of a cell": LoopOverCell,
    "RNN of cells": StackedCells,
    "cell": CellByHand,
    "functional": WholeModel,
    "sequential": Sequential,
    "predict": Predict,
    "model file": ModelFile,
    "weights file": WeightsFile,
    "masking": Masking,
    "embedding": EmbeddingMask,
    "zero output": ZeroOutput,
    "graph": Graph,
    "XLA": Xla,
    "eager": EagerJax,
}
