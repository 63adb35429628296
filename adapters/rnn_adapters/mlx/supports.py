"""What the default route into MLX supports: declared without importing it."""

from __future__ import annotations

from typing import Any, get_args

from rnn_adapters.declarations import Supports
from rnn_adapters.surface import IntegerType
from rnn_reference.activations import ACTIVATIONS, DEFAULTS

FLAGS = (
    *("stacked", "mixed_layers", "no_bias", "initial_states", "sequence", "final_states"),
    *("freshly_initialised", "gradients", "tangents", "second_gradients"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights", "restored"),
    *("count_trainable", "trained", "leading_axes"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=ACTIVATIONS,
    parameters=tuple(DEFAULTS),
    dtypes=("float32", "float64", "float16", "bfloat16"),
    input_dtypes=get_args(IntegerType),
    **SUPPORTED,
)
