"""What the default route into torch supports: declared without importing it."""

from __future__ import annotations

from typing import Any

from rnn_adapters.declarations import Supports

FLAGS = (
    *("bidirectional", "stacked", "no_bias", "initial_states", "sequence", "final_states", "lengths"),
    *("freshly_initialised", "gradients", "tangents", "second_gradients"),
    *("read_weights", "native_weights", "count_parameters", "assign_weights", "restored"),
    *("inferred_shapes", "wrong_layers", "count_trainable", "trained"),
)
SUPPORTED: dict[str, Any] = dict.fromkeys(FLAGS, True)
SUPPORTS = Supports(
    activations=("tanh", "relu"),
    dtypes=("float32", "float64", "float16", "bfloat16"),
    compute_dtypes=("float16", "bfloat16"),
    dropout=("between layers",),
    **SUPPORTED,
)
