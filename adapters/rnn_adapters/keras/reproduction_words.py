"""The words of a script that are others in Keras 2: what it calls besides the layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_adapters.keras.activations import NAMED_HARD_SIGMOID
from rnn_reference.activations import Activation


@dataclass(frozen=True)
class Words:
    """Expressions, some of them with a place for an argument.

    Args:
        array, flatten, sum, stack, concatenate: functions; the first makes an array of what a layer returned.
        held: what is differentiated of a `variable`.
        state: an initial state as a layer takes it.
        zero_states: those that a cell starts from, for a `batch`.
        hard_sigmoid: what has this name.
        options: by route, more arguments of the layer.
        activations: those with parameters, as functions of z.
        passages: by route, what a model goes through once it has its weights.
    """

    array: str
    flatten: str
    sum: str
    stack: str
    concatenate: str
    held: str
    state: str
    zero_states: str
    hard_sigmoid: Activation
    options: Mapping[str, tuple[str, ...]]
    activations: Mapping[str, str]
    passages: Mapping[str, tuple[str, ...]]


PASSAGES = {
    "model file": (
        'path = tempfile.mkdtemp() + "/model.keras"',
        "model.save(path)",
        "model = keras.models.load_model(path)",
    ),
    "H5 file": (
        'path = tempfile.mkdtemp() + "/model.h5"',
        "model.save(path)",
        "model = keras.models.load_model(path)",
    ),
    "weights file": (
        'path = tempfile.mkdtemp() + "/model.weights.h5"',
        "model.save_weights(path)",
        "model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])",
        "model.load_weights(path)",
    ),
    "exported": (
        'path = tempfile.mkdtemp() + "/model.xml"',
        'model.export(path, format="openvino", verbose=False)',
        'hint = {"INFERENCE_PRECISION_HINT": "f32"}',
        'model = openvino.compile_model(openvino.Core().read_model(path), "CPU", hint)',
    ),
    "model clone": (
        "clone = keras.models.clone_model(model)",
        "clone.set_weights(model.get_weights())",
        "model = clone",
    ),
    "model JSON": (
        "other = keras.models.model_from_json(model.to_json())",
        "other.set_weights(model.get_weights())",
        "model = other",
    ),
}

KERAS_3 = Words(
    array="keras.ops.convert_to_numpy",
    flatten="keras.tree.flatten",
    sum="keras.ops.sum",
    stack="keras.ops.stack",
    concatenate="keras.ops.concatenate",
    held="variable.value",
    state="{}",
    zero_states="layer.get_initial_state({batch})",
    hard_sigmoid=NAMED_HARD_SIGMOID,
    options={"unrolled": ("unroll=True",), "zero output": ("zero_output_for_mask=True",)},
    activations={
        "elu": "keras.activations.elu(z, alpha={alpha})",
        "leaky_relu": "keras.activations.leaky_relu(z, negative_slope={alpha})",
        "hard_sigmoid": "keras.ops.clip({alpha} * z + {beta}, 0, 1)",
        "affine": "{alpha} * z + {beta}",
        "scaled_tanh": "{alpha} * keras.ops.tanh({beta} * z)",
    },
    passages=PASSAGES,
)
