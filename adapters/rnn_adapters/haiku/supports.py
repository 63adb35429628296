"""What the default route into Haiku supports: declared without importing it."""

from __future__ import annotations

from typing import Any, get_args

from rnn_adapters.declarations import Supports
from rnn_adapters.surface import IntegerType

FLAGS = (
    *("stacked", "mixed_layers", "initial_states", "sequence", "final_states", "go_backwards"),
    *("freshly_initialised", "gradients", "tangents", "second_gradients"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights"),
    *("inferred_shapes", "default_states", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("relu",),
    dtypes=("float32", "float64", "float16", "bfloat16"),
    input_dtypes=get_args(IntegerType),
    compute_dtypes=("float16", "bfloat16"),
    unknown_axes=("batch",),
    expensive="shapes",
    **SUPPORTED,
)
