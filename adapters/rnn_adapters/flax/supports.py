"""What the default route into either interface of Flax supports: declared without importing it."""

from __future__ import annotations

from typing import Any, get_args

from rnn_adapters.declarations import Supports
from rnn_adapters.surface import IntegerType
from rnn_reference.activations import ACTIVATIONS, DEFAULTS

FLAGS = (
    *("bidirectional", "mixed_directions", "stacked", "mixed_layers", "initial_states", "lengths"),
    *("sequence", "final_states", "go_backwards", "freshly_initialised", "leading_axes"),
    *("gradients", "tangents", "second_gradients", "read_weights", "native_weights", "count_parameters"),
    *("assign_weights", "restored", "inferred_shapes", "default_states", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=ACTIVATIONS,
    parameters=tuple(DEFAULTS),
    dtypes=("float32", "float64", "float16", "bfloat16"),
    input_dtypes=get_args(IntegerType),
    compute_dtypes=("float16", "bfloat16"),
    merge_modes=("concat", "sum", "mul", "ave"),
    unknown_axes=("batch", "time"),
    expensive="shapes",
    **SUPPORTED,
)
