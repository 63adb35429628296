"""What the documentation of Keras says of options that are not given, and what a layer then has."""

from __future__ import annotations

from typing import Any

OF_LAYER: dict[str, Any] = {"trainable": True}
OF_CELL: dict[str, Any] = {
    "activation": "tanh",
    "use_bias": True,
    "kernel_initializer": "glorot_uniform",
    "recurrent_initializer": "orthogonal",
    "bias_initializer": "zeros",
    **dict.fromkeys(f"{weight}_regularizer" for weight in ("kernel", "recurrent", "bias")),
    **dict.fromkeys(f"{weight}_constraint" for weight in ("kernel", "recurrent", "bias")),
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
}
OF_LOOP: dict[str, Any] = dict.fromkeys(
    ("return_sequences", "return_state", "go_backwards", "stateful", "unroll"), False
)
OF_BOTH_DIRECTIONS: dict[str, Any] = {"merge_mode": "concat"}


def defaults(keras: Any) -> dict[str, tuple[Any, Any]]:
    """For each option that is not given, by layer and name: what is documented, and what a layer has."""
    cell, layer = keras.layers.SimpleRNNCell(3), keras.layers.SimpleRNN(3)
    documented: dict[str, tuple[Any, dict[str, Any]]] = {
        "cell": (cell, OF_CELL),
        "layer": (layer, OF_CELL | OF_LOOP),
        "loop around a cell": (keras.layers.RNN(cell), OF_LOOP),
        "both directions": (keras.layers.Bidirectional(layer), OF_BOTH_DIRECTIONS),
    }
    return {
        f"default of {where}: {name}": (_made(keras, name, value), getattr(of, name))
        for where, (of, options) in documented.items()
        for name, value in (options | OF_LAYER).items()
    }


def _made(keras: Any, name: str, value: Any) -> Any:
    """What stands for a name of Keras's."""
    if name == "activation":
        return keras.activations.get(value)
    return keras.initializers.get(value) if name.endswith("_initializer") else value
