"""The routes that differ in how a model is written: those of every runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rnn_adapters.declarations import Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.onnx import CONVENTIONS
from rnn_adapters.onnx.adapter import Parts

TRANSPOSED = replace(
    CONVENTIONS,
    axes={
        "x": ("batch", "time", "input"),
        "sequence": ("batch", "time", "directions", "hidden"),
        "final_states": ("directions", "batch", "hidden"),
    },
)
LAYOUT_1 = replace(CONVENTIONS, axes={**TRANSPOSED.axes, "final_states": ("batch", "directions", "hidden")})
ONE_STEP = replace(
    CONVENTIONS,
    axes={
        **CONVENTIONS.axes,
        "x": ("1", "batch", "input"),
        "sequence": ("1", "directions", "batch", "hidden"),
    },
)

OPERATOR = Supports(
    activations=("tanh",),
    dtypes=("float32",),
    bidirectional=True,
    mixed_directions=True,
    stacked=True,
    mixed_layers=True,
    no_bias=True,
    initial_states=True,
    sequence=True,
    last_output=True,
    final_states=True,
    lengths=True,
    go_backwards=True,
)
"""What the operator has, whoever computes it; the activations and types are for each to say."""


def written(default: Parts) -> dict[str, Parts]:
    """The default route, and those that write its models otherwise."""
    supports = default.supports
    one_direction = replace(
        supports, bidirectional=False, mixed_directions=False, lengths=False, go_backwards=False
    )

    def styled(**changes: Any) -> Parts:
        return replace(default, style=replace(default.style, **changes))

    hidden = replace(supports, read_weights=False, native_weights=False)
    return {
        DEFAULT: default,
        "batch first": replace(styled(batch_first="transposed"), conventions=TRANSPOSED),
        "opset 7": styled(opset=7),
        "opset 14": styled(opset=14),
        "weights as inputs": replace(styled(weights_as_inputs=True), supports=hidden),
        "sequence alone": replace(styled(final_states=False), supports=replace(supports, final_states=False)),
        "two nodes": replace(styled(separate_directions=True), supports=hidden),
        "steps": replace(default, conventions=ONE_STEP, supports=one_direction, by_steps=True),
    }
