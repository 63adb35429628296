"""Keras 2's part of a reproduction: that of Keras 3 on TensorFlow, in its own words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_adapters.keras.reproduction import Writer
from rnn_adapters.keras.reproduction_words import KERAS_3, Words
from rnn_adapters.reproduction import Code, Question, Spoken
from rnn_adapters.tf_keras.names import NAMED_HARD_SIGMOID

KERAS_2 = replace(
    KERAS_3,
    array="np.asarray",
    flatten="tf.nest.flatten",
    sum="tf.reduce_sum",
    stack="tf.stack",
    concatenate="tf.concat",
    held="variable",
    state="tf.constant({})",
    zero_states="[layer.get_initial_state(batch_size={batch}, dtype=layer.compute_dtype)]",
    hard_sigmoid=NAMED_HARD_SIGMOID,
    options={
        **KERAS_3.options,
        "time major": ("time_major=True",),
        "RNN of cells, top first": ("reverse_state_order=True",),
    },
    activations={
        **KERAS_3.activations,
        "leaky_relu": "keras.activations.relu(z, alpha={alpha})",
        "hard_sigmoid": "tf.clip_by_value({alpha} * z + {beta}, 0, 1)",
        "scaled_tanh": "{alpha} * tf.tanh({beta} * z)",
    },
    passages={
        **KERAS_3.passages,
        "SavedModel": (
            "path = tempfile.mkdtemp()",
            'model.save(path, save_format="tf")',
            "model = keras.models.load_model(path)",
        ),
        "TFLite": (
            "specs = [tf.TensorSpec((len(x), *each.shape[1:]), each.dtype) for each in model.inputs]",
            "function = tf.function(lambda *given: model(list(given))).get_concrete_function(*specs)",
            "content = tf.lite.TFLiteConverter.from_concrete_functions([function], model).convert()",
            "runner = tf.lite.Interpreter(model_content=content).get_signature_runner()",
            "",
            "def interpreted(given):",
            '    found = runner(**{f"given_{index}": array for index, array in enumerate(given)})',
            '    return [found[f"output_{index}"] for index in range(len(found))]',
        ),
    },
)
FILES = ("model file", "weights file", "H5 file", "SavedModel")


def code(question: Question) -> Code | None:
    """Plain code of a call; none of dropout, which is random."""
    writer = Keras2Writer("tensorflow", question)
    if question.call.dropout is not None or not writer.can_be_written:
        return None
    made, called, got = writer.made(), writer.called(), writer.got()
    tensorflow = ["import tensorflow as tf"] * any("tf." in line for line in [*made, *called, got])
    imports = ["import numpy as np", *tensorflow, "import tf_keras as keras"]
    return Code(imports, made, called, got, "keras.__version__", writer.standard)


@dataclass(frozen=True)
class Keras2Writer(Writer):
    """Writes the parts of one script."""

    words: Words = KERAS_2

    @property
    def export(self) -> None:
        """Its `export` has no formats: what is called SavedModel is a passage."""

    @property
    def is_stack_of_cells(self) -> bool:
        return super().is_stack_of_cells or self.route == "RNN of cells, top first"

    @property
    def standard(self) -> list[str]:
        return ["json"] * (self.route == "configuration") + ["tempfile"] * (self.route in FILES)

    def batch_and_time(self, batch: int | None) -> str:
        return f"None, {batch}" if self.route == "time major" else super().batch_and_time(batch)

    def said(self, spoken: Spoken) -> tuple[str, list[list[str]] | None, str]:
        x, states, mask = super().said(spoken)
        if self.route == "time major":
            x, mask = f"{x}.swapaxes(0, 1)", mask and f"{mask}.swapaxes(0, 1)"
        if self.route == "ragged" and spoken.lengths:
            x = f"tf.RaggedTensor.from_tensor({x}, {spoken.lengths})"
        narrow = self.question.call.compute_dtype
        if self.route == "states of the type computed in" and narrow and spoken.states is not None:
            states = [[f'tf.cast({name}, "{narrow}")' for name in names] for names in spoken.states]
        if self.route == "RNN of cells, top first" and states is not None:
            states = states[::-1]
        return x, states, mask

    def with_states(self, x: str, states: list[str]) -> list[str]:
        if self.route == "states in the input":
            return [f"[{x}, {', '.join(states)}]"]
        return super().with_states(x, states)

    def called(self) -> list[str]:
        bottom_first = ["states = states[::-1]"] * (self.route == "RNN of cells, top first")
        return [*super().called(), *bottom_first]

    def of_the_model(self, given: str) -> str:
        return f"interpreted({given})" if self.route == "TFLite" else super().of_the_model(given)

    def got(self) -> str:
        call, found = self.question.call, super().got()
        if self.question.derivative is not None or self.question.quantity != "sequence":
            return found
        if self.route == "time major":
            return f"{found}.swapaxes(0, 1)"
        if self.route == "ragged" and call.lengths is not None:
            for name in ("output", "forward", "backward"):
                padded = f"{name}.to_tensor(shape=(None, {call.x.shape[1]}, None))"
                found = found.replace(f"({name})", f"({padded})")
        return found
