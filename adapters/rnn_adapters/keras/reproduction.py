"""Keras's part of a reproduction: plain code of each route, on every backend. Nothing here imports Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_adapters.keras.reproduction_derivatives import Derivatives
from rnn_adapters.keras.reproduction_exports import EXPORTS, ExportLines
from rnn_adapters.keras.reproduction_words import KERAS_3, Words
from rnn_adapters.literals import WIDTH, number, split, typed
from rnn_adapters.reference import marked_by_value
from rnn_adapters.reproduction import Code, Question, Spoken, numbered
from rnn_reference.activations import Activation
from rnn_reference.network import Array, Cell

MODELS = ("functional", "sequential", "predict", "masking", "embedding")
CALLS = {"graph": "tf.function({})", "XLA": "tf.function({}, jit_compile=True)"}
CELLS = ("cell", "cell of a bare state")
NOT_JITTED = ("eager", *CELLS, "states by place")
ANEW = (
    "written = json.loads(json.dumps(keras.layers.serialize({0})))",
    "keras.layers.deserialize(written)",
    "{0} = keras.layers.deserialize(written)",
)
"""A layer made anew from its configuration, which has made another one before."""
OWN_ANEW = "own cell, from_config"
OWN_FROM_CONFIG = (
    '{0} = keras.layers.RNN.from_config({0}.get_config(), custom_objects={{"OwnCell": OwnCell}})'
)
OWN_CELL = (
    "class OwnCell(keras.layers.Layer):",
    '    def __init__(self, units, activation="tanh", use_bias=True, listed=False, **kwargs):',
    '        kwargs.pop("recurrent_initializer", None)',
    "        super().__init__(**kwargs)",
    "        self.units, self.use_bias, self.listed = units, use_bias, listed",
    "        self.activation = keras.activations.get(activation)",
    "        self.state_size = [units] if listed else units",
    "",
    "    def build(self, shape):",
    "        units = self.units",
    '        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], units))',
    '        self.recurrent_kernel = self.add_weight(name="recurrent_kernel", shape=(units, units))',
    '        self.bias = self.add_weight(name="bias", shape=(units,)) if self.use_bias else None',
    "",
    "    def call(self, inputs, states):",
    "        z = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(states[0], self.recurrent_kernel)",
    "        output = self.activation(z if self.bias is None else z + self.bias)",
    "        return output, [output]",
    "",
    "    def get_config(self):",
    "        activation = keras.activations.serialize(self.activation)",
    '        own = {"units": self.units, "use_bias": self.use_bias, "listed": self.listed}',
    '        return super().get_config() | own | {"activation": activation}',
    "",
)
"""A cell that a user writes, as the documentation shows one."""
BARE_CELL = (
    "class BareCell(OwnCell):",
    "    def get_initial_state(self, batch_size=None):",
    "        return keras.ops.zeros((batch_size, self.units), dtype=self.compute_dtype)",
    "",
    "    def call(self, inputs, states):",
    "        output, (state,) = super().call(inputs, states)",
    "        return output, state",
    "",
)
"""One that gives its states bare."""
OWN_CELLS: Mapping[str, str] = {
    "RNN of an own cell": "OwnCell",
    "RNN of a bare cell": "BareCell",
    "RNN of own cells": "OwnCell",
    OWN_ANEW: "OwnCell",
}
"""What it is called, by route."""
STATELESS = (
    "@jax.jit",
    "def stateless(trainable, others, x, options):",
    "    return layer.stateless_call(trainable, others, x, **options)",
    "",
    "def call(x, **options):",
    "    trainable = [variable.value for variable in layer.trainable_variables]",
    "    others = [variable.value for variable in layer.non_trainable_variables]",
    "    outputs, updated = stateless(trainable, others, x, options)",
    "    for variable, value in zip(layer.non_trainable_variables, updated):",
    "        variable.assign(value)",
    "    return outputs",
)
"""A stateful layer under `jax.jit`, as Keras's own trainer calls it."""


def code_on(backend: str, question: Question) -> Code | None:
    """Plain code of a call on a backend; none of dropout, which is random."""
    writer = Writer(backend, question)
    if question.call.dropout is not None or not writer.can_be_written:
        return None
    imports = [f'os.environ["KERAS_BACKEND"] = "{backend}"', *writer.backend_imports]
    imports += ["import keras", "import numpy as np"]
    return Code(imports, writer.made(), writer.called(), writer.got(), "keras.__version__", writer.standard)


def _on_two_lines(call: str) -> list[str]:
    """A call that is too long for a line, with its last two options before it; none has a comma in it."""
    *others, one, other = call.removesuffix(")").split(", ")
    options = ", ".join(option.replace("=", '": ').join(['"', ""]) for option in (one, other))
    return [f"options = {{{options}}}", f"{', '.join([*others, '**options'])})"]


@dataclass(frozen=True)
class Writer:
    """Writes the parts of one script."""

    backend: str
    question: Question
    words: Words = KERAS_3

    @property
    def route(self) -> str:
        return self.question.route

    @property
    def can_be_written(self) -> bool:
        """Whether there is plain code for what is asked."""
        question = self.question
        if question.derivative is None:
            return True
        layers = question.network.num_layers == 1 and not question.call.stateful
        return layers and self.route in ("", "eager") and self.backend != "numpy"

    @property
    def is_model(self) -> bool:
        return self.route in MODELS or self.route in self.words.passages or self.export is not None

    @property
    def export(self) -> ExportLines | None:
        """How the model is exported, on a route where it is."""
        return EXPORTS.get(self.route)

    @property
    def is_stack_of_cells(self) -> bool:
        return self.route in ("RNN of cells", "RNN of own cells")

    @property
    def has_own_cell(self) -> bool:
        return self.route in OWN_CELLS

    @property
    def returns_state(self) -> bool:
        return self.route not in ("final states not asked for", "sequential")

    @property
    def jitted(self) -> bool:
        """JAX compiles layers, but on routes that call them otherwise."""
        return self.backend == "jax" and not self.is_model and self.route not in NOT_JITTED

    @property
    def standard(self) -> list[str]:
        """Modules of the standard library."""
        found = ["os"]
        found += ["json"] if self.route == "configuration" else []
        files = self.route in ("model file", "weights file", "H5 file", "exported") or self.export is not None
        found += ["tempfile"] if files else []
        return found

    @property
    def backend_imports(self) -> list[str]:
        derived = self.question.derivative is not None
        if self.export is not None:
            return [self.export.imported]
        if self.backend == "jax" and (self.jitted or derived):
            return ["import jax"]
        if self.backend == "tensorflow" and (derived or self.route in CALLS):
            return ["import tensorflow as tf"]
        if self.route == "exported":
            return ["import openvino"]
        return ["import torch"] if self.backend == "torch" and derived else []

    # Layers.

    def made(self) -> list[str]:
        """The layers, with their weights."""
        question, lines = self.question, self._activations()
        if self.route == "gpu":
            lines.append('keras.device("gpu:0").__enter__()  # for all that follows')
        if self.has_own_cell:
            registered = ["@keras.saving.register_keras_serializable()"] * (self.route != OWN_ANEW)
            lines += [*registered, *OWN_CELL]
            if OWN_CELLS[self.route] == "BareCell":
                lines += [*registered, *BARE_CELL]
        if self.is_stack_of_cells:
            lines += self._stack_of_cells()
        else:
            first = 0
            for index, layer in enumerate(question.network.layers):
                lines += self._layer(index, first)
                first += layer.directions
        if self.export is not None:
            return [*self._model(lines), *self.export.lines]
        if self.is_model:
            return [*self._model(lines), *self.words.passages.get(self.route, ())]
        return [*lines, "", *STATELESS] if self.jitted and question.call.stateful else lines

    def _activations(self) -> list[str]:
        """Functions for activations that Keras has no name for; registered, so that a layer can be copied."""
        lines = list[str]()
        for activation, name in self._functions().items():
            parameters = {name: repr(value) for name, value in activation.parameters.items()}
            body = self.words.activations[activation.name].format(**parameters)
            lines += [
                "@keras.saving.register_keras_serializable()",
                f"def {name}(z):",
                f"    return {body}",
                "",
            ]
        return lines

    def _functions(self) -> dict[Activation, str]:
        cells = self.question.network.cells
        used = dict.fromkeys(c.activation for c in cells if not self._is_named(c.activation))
        return {activation: numbered("phi", index, len(used)) for index, activation in enumerate(used)}

    def _is_named(self, activation: Activation) -> bool:
        """Whether Keras has a name for it."""
        named = activation in (self.words.hard_sigmoid, Activation("elu"))
        return named or activation.name not in self.words.activations

    def _activation(self, activation: Activation) -> str:
        """Keras's argument."""
        if activation == self.words.hard_sigmoid:
            return '"hard_sigmoid"'
        return self._functions().get(activation, f'"{activation.name}"')

    def _layer(self, index: int, first: int) -> list[str]:
        """One layer, whose cells are counted from `first`."""
        layer = self.question.network.layers[index]
        name = numbered("layer", index, self.question.network.num_layers)
        if self.route in CELLS:
            made = [f"layer = keras.layers.SimpleRNNCell({', '.join(self._cell_options(layer.forward))})"]
            built = f"layer.build((None, {layer.input_size}))"
        else:
            options = self._loop_options(index)
            made = self._made_layer(name, index, options)
            made += [line.format(name) for line in ANEW] if self.route == "configuration" else []
            made += [OWN_FROM_CONFIG.format(name)] if self.route == OWN_ANEW else []
            built = f"{name}.build(({self.batch_and_time(self._stateful_batch)}, {layer.input_size}))"
        if self.question.right is None:  # a call that must be refused is, whatever the weights are
            return [*made, built]
        weights = [w for cell in range(layer.directions) for w in self._weights(first + cell)]
        return [*made, built, *split(f"{name}.set_weights([", weights, "])")]

    def _made_layer(self, name: str, index: int, options: Sequence[str]) -> list[str]:
        """Lines that make one layer."""
        layer = self.question.network.layers[index]
        forward = self._direction(layer.forward, options)
        if layer.backward is None:
            made = f"{name} = {forward}"
            return [made] if len(made) <= WIDTH else _on_two_lines(made)
        both = [forward, *self._both(index, options)]
        whole = f"{name} = keras.layers.Bidirectional({', '.join(both)})"
        if len(whole) <= WIDTH:
            return [whole]
        rnn = name.replace("layer", "rnn")
        lines = [f"{rnn} = {forward}"] if len(forward) <= WIDTH - 8 else _on_two_lines(f"{rnn} = {forward}")
        return [*lines, *split(f"{name} = keras.layers.Bidirectional(", [rnn, *both[1:]], ")")]

    @property
    def _stateful_batch(self) -> int | None:
        return len(self.question.call.x) if self.question.call.stateful else None

    def batch_and_time(self, batch: int | None) -> str:
        """The axes before the features of the input that a layer is built for."""
        return f"{batch}, None"

    def _weights(self, cell: int) -> list[str]:
        question, turned = self.question, "{}.T"
        if self.backend == "openvino" and question.network.dtype == np.float16:
            turned = "np.ascontiguousarray({}.T)"  # of another it takes the bits for numbers
        found = [turned.format(question.weight(role, cell)) for role in ("W_x", "W_h")]
        return [*found, question.bias(cell)] if question.bias(cell) else found

    def _both(self, index: int, options: Sequence[str]) -> list[str]:
        """The arguments of `Bidirectional` after the first."""
        layer, call, arguments = self.question.network.layers[index], self.question.call, list[str]()
        if call.merge_mode != "concat" and index == self.question.network.num_layers - 1:
            mode = None if call.merge_mode == "none" else call.merge_mode
            arguments.append("merge_mode=None" if mode is None else f'merge_mode="{mode}"')
        if self.route == "backward layer":
            assert layer.backward is not None
            backward = self._direction(layer.backward, [*options, "go_backwards=True"])
            arguments.append(f"backward_layer={backward}")
        return [*arguments, *self._dtype()]

    def _direction(self, cell: Cell, loop: Sequence[str]) -> str:
        options = self._cell_options(cell)
        if self.route == "RNN of a cell" or self.has_own_cell:
            made = OWN_CELLS.get(self.route, "keras.layers.SimpleRNNCell")
            arguments = [f"{made}({', '.join(options)})", *loop, *self._dtype()]
            return f"keras.layers.RNN({', '.join(arguments)})"
        more = self.words.options.get(self.route, ())
        return f"keras.layers.SimpleRNN({', '.join([*options, *loop, *more])})"

    def _cell_options(self, cell: Cell) -> list[str]:
        options = [str(cell.hidden_size), *self._dtype()]
        if cell.activation.name != "tanh":
            options.append(f"activation={self._activation(cell.activation)}")
        options += [] if cell.biases else ["use_bias=False"]
        narrow = self.question.network.dtype.itemsize < 4
        return [*options, 'recurrent_initializer="zeros"'] if narrow else options

    def _dtype(self) -> list[str]:
        narrow = self.question.call.compute_dtype
        name = f"mixed_{narrow}" if narrow else str(self.question.network.dtype)
        return [] if name == "float32" else [f'dtype="{name}"']

    def _loop_options(self, index: int) -> list[str]:
        call, top = self.question.call, index == self.question.network.num_layers - 1
        options = ["return_sequences=True"] if call.return_sequences or not top else []
        options += ["return_state=True"] if self.returns_state else []
        options += ["go_backwards=True"] if call.go_backwards and top else []
        return [*options, "stateful=True"] if call.stateful else options

    def _stack_of_cells(self) -> list[str]:
        network = self.question.network
        cells = [self._cell_of_stack(index, cell) for index, cell in enumerate(network.cells)]
        loop = [*self._loop_options(network.num_layers - 1), *self._dtype()]
        options = [*self.words.options.get(self.route, ()), *self._dtype()]
        inner = f"keras.layers.StackedRNNCells(cells, {', '.join(options)})" if options else "cells"
        made = [*split("cells = [", cells, "]"), f"layer = keras.layers.RNN({', '.join([inner, *loop])})"]
        made.append(f"layer.build(({self.batch_and_time(self._stateful_batch)}, {network.input_size}))")
        if self.question.right is None:
            return made
        weights = [weight for index in range(len(cells)) for weight in self._weights(index)]
        return [
            *made,
            *split("layer.set_weights([", weights, "])"),
        ]

    def _cell_of_stack(self, index: int, cell: Cell) -> str:
        options = self._cell_options(cell)
        if not self.has_own_cell or index % 3 == 2:
            return f"keras.layers.SimpleRNNCell({', '.join(options)})"
        return f"OwnCell({', '.join([*options, *['listed=True'] * (not index)])})"

    # Models.

    def _model(self, layers: list[str]) -> list[str]:
        """A model around the layers: symbols for the input, the mask and the states."""
        question = self.question
        (spoken,) = question.spoken
        features, dtype = question.network.input_size, str(question.network.dtype)
        of_type = "" if dtype == "float32" else f', dtype="{dtype}"'
        lines = [*layers, f"x_in = keras.Input((None, {features}){of_type})"]
        inputs, x, mask = ["x_in"], "x_in", ""
        states = None if spoken.states is None else [[f"{n}_in" for n in names] for names in spoken.states]
        for layer, names in zip(question.network.layers, states or [], strict=False):
            lines += [f"{name} = keras.Input(({layer.hidden_size},){of_type})" for name in names]
        if spoken.mask and self.route == "masking":
            value = number(self._marked()[1])
            x = f"keras.layers.Masking({value}{of_type})(x_in)"
        elif spoken.mask and self.route == "embedding":
            lines[-1 - sum(map(len, states or []))] = 'x_in = keras.Input((None,), dtype="int32")'
            table = f"np.concatenate([np.zeros((1, {features})), {spoken.x}.reshape(-1, {features})])"
            lines += [
                f"table = {table}",
                f"embedding = keras.layers.Embedding(len(table), {features}, mask_zero=True{of_type})",
            ]
            x = "embedding(x_in)"
        elif spoken.mask:
            lines.append('mask_in = keras.Input((None,), dtype="bool")')
            inputs, mask = ["x_in", "mask_in"], "mask_in"
        if self.route == "sequential":
            count = question.network.num_layers
            names = [numbered("layer", index, count) for index in range(count)]
            return [*lines, f"model = keras.Sequential([x_in, {', '.join(names)}])"]
        symbols = [each.partition(" = ") for each in lines[len(layers) :] if " = keras.Input(" in each]
        others = [each for each in lines[len(layers) :] if " = keras.Input(" not in each]
        together = (
            f"{', '.join(name for name, _, _ in symbols)} = {', '.join(made for _, _, made in symbols)}"
        )
        if len(together) <= WIDTH:
            lines = [*layers, together, *others]
        *below, (_, _, top) = (line.partition(" = ") for line in self._chain(x, states, mask, training=False))
        inputs += [name for names in states or [] for name in names]
        outputs = [*self._outputs(), *(f"*{name}" for name in self._state_names())]
        at_once = f"model = keras.Model([{', '.join(inputs)}], {top if self.returns_state else f'[{top}]'})"
        if not below and not self.is_stack_of_cells and len(at_once) <= WIDTH:
            lines.append(at_once)
        else:
            lines += self._chain(x, states, mask, training=False)
            lines.append(f"model = keras.Model([{', '.join(inputs)}], [{', '.join(outputs)}])")
        return [*lines, "embedding.set_weights([table])"] if "table" in "".join(lines) else lines

    def _marked(self) -> tuple[Array, float]:
        call = self.question.call
        assert call.mask is not None
        return marked_by_value(call.x, call.mask)

    # Calls.

    def called(self) -> list[str]:
        """All calls."""
        if self.question.derivative is not None:
            return Derivatives(self.backend, self.question, self._outputs(), self.words).lines()
        lines = list[str]()
        for spoken in self.question.spoken:
            lines += self._one_call(spoken)
        return lines

    def _one_call(self, spoken: Spoken) -> list[str]:
        if self.route in CELLS:
            return self._by_steps(spoken)
        if not self.is_model:
            return self._chain(*self.said(spoken), training=spoken.call.training)
        given, lines = [spoken.x], list[str]()
        if spoken.mask and self.route == "masking":
            marked, value = self._marked()
            if not np.array_equal(marked, spoken.call.x, equal_nan=True):
                given = [typed(marked)]
            if len(given[0]) > WIDTH // 2:
                given = [spoken.x]
                lines.append(f"{spoken.x}[~{spoken.mask}] = {number(value)}")
        elif spoken.mask and self.route == "embedding":
            given = [
                f"np.where({spoken.mask}, 1 + np.arange({spoken.mask}.size).reshape({spoken.mask}.shape), 0)"
            ]
        elif spoken.mask:
            given.append(spoken.mask)
        given += [name for names in spoken.states or [] for name in names]
        if self.route == "sequential":
            return [f"output = {self.of_the_model(spoken.x)}"]
        outputs = ", ".join([*self._outputs(), "*states"])
        arguments = f"[{', '.join(given)}]"
        return [*lines, f"{outputs} = {self.of_the_model(arguments)}"]

    def of_the_model(self, given: str) -> str:
        """A call of the model."""
        if self.export is not None:
            return f"exported({given})"
        if self.route == "predict":
            return f"model.predict({given}, batch_size=2, verbose=0)"
        if self.route == "exported":
            return f"model({given}).to_tuple()"
        return f"model({given})"

    def said(self, spoken: Spoken) -> tuple[str, list[list[str]] | None, str]:
        """Input, initial states and mask as the bottom layer takes them."""
        states = None
        if spoken.states is not None:
            states = [[self.words.state.format(name) for name in names] for names in spoken.states]
        return spoken.x, states, spoken.mask

    def with_states(self, x: str, states: list[str]) -> list[str]:
        """Input and initial states as arguments."""
        if self.route == "states by place":
            return [x, states[0] if len(states) == 1 else f"({', '.join(states)})"]
        return [x, f"initial_state=[{', '.join(states)}]"]

    def _by_steps(self, spoken: Spoken) -> list[str]:
        batch, time = spoken.call.x.shape[:2]
        states = self.said(spoken)[1]
        zeros = self.words.zero_states.format(batch=batch)
        h = zeros if states is None else f"[{', '.join(states[0])}]"
        if self.route == "cell of a bare state":
            h = f"{zeros}[0]" if states is None else states[0][0]
        if time == 1:
            return [f"output, h = layer({spoken.x}[:, 0], {h})"]
        return [
            f"outputs, h = [], {h}",
            f"for t in range({time}):",
            f"    output, h = layer({spoken.x}[:, t], h)",
            "    outputs.append(output)",
        ]

    def _outputs(self) -> list[str]:
        return ["forward", "backward"] if self.question.call.merge_mode == "none" else ["output"]

    def _state_names(self) -> list[str]:
        if self.is_stack_of_cells:
            return ["states"]
        count = self.question.network.num_layers
        return [numbered("states", index, count) for index in range(count)] if self.returns_state else []

    def _chain(self, x: str, states: list[list[str]] | None, mask: str, *, training: bool) -> list[str]:
        """Layers, called one after the other."""
        lines, count = list[str](), 1 if self.is_stack_of_cells else self.question.network.num_layers
        if self.is_stack_of_cells and states is not None:
            states = [[name for names in states for name in names]]
        for index in range(count):
            arguments = [x] if states is None else self.with_states(x, states[index])
            arguments += [f"mask={mask}"] if mask else []
            outputs = self._outputs() if index == count - 1 else ["output"]
            names = self._state_names()
            left = ", ".join([*outputs, *([f"*{names[index]}"] if names else [])])
            arguments += ["training=True"] if training else []
            lines.append(f"{left} = {self._caller(index, count)}({', '.join(arguments)})")
            x = "output"
        asked = self.question.quantity == "final states" or self.question.derivative is not None
        if self.is_stack_of_cells and not self.is_model and self.returns_state and asked:
            lines.append(f"states = {self.words.flatten}(states)")
        return lines

    def _caller(self, index: int, count: int) -> str:
        """What is called for a layer."""
        name = numbered("layer", index, count)
        if self.route in CALLS:
            return CALLS[self.route].format(name)
        if not self.jitted:
            return name
        if self.question.call.stateful:
            return "call"
        static = ', static_argnames="training"' if self.question.call.training else ""
        return f"jax.jit({name}{static})"

    # What is shown.

    def got(self) -> str:
        """The quantity as an array, in canonical axes."""
        question, convert = self.question, self.words.array
        if question.derivative is not None:
            turned = ".T" * (question.derivative.of[0] in ("W_x", "W_h"))
            stacked = "[None]" * (question.derivative.of[0] == "state")
            convert = convert if self.backend == "torch" else "np.asarray"
            return f"{convert}(d){turned}{stacked}"
        if question.quantity == "final states":
            return f"np.stack([{convert}(state) for state in {self._states()}])"
        if self.route in CELLS:
            alone = question.call.x.shape[1] == 1
            return (
                f"{convert}(output)[:, None]"
                if alone
                else f"np.stack([{convert}(y) for y in outputs], axis=1)"
            )
        if question.call.merge_mode == "none":
            return f"np.concatenate([{convert}(forward), {convert}(backward)], axis=-1)"
        return f"{convert}(output)"

    def _states(self) -> str:
        """The states of the layer that is asked for."""
        question = self.question
        if self.route in CELLS:
            return "h" if self.route == "cell" else "[h]"
        if not self.is_model and not self.is_stack_of_cells:
            return numbered("states", question.layer, question.network.num_layers)
        if question.network.num_layers == 1:
            return "states"
        start, count = sum(question.directions[: question.layer]), question.directions[question.layer]
        return f"states[{start}:{start + count}]"
