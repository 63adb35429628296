"""SEQ: sequence and last outputs."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

LAST = {"return_sequences": False}

PLANS = (
    Plan(
        clause="SEQ-1",
        slug="shape",
        flags=("output-shape", "output-type"),
        comment="batch, time, input and hidden are all different",
        batch=2,
        time=4,
        inputs=1,
        hidden=3,
        count=2,
    ),
    Plan(
        clause="SEQ-2",
        slug="last",
        flags=("last-output",),
        comment="the last output alone is asked for",
        options=LAST,
    ),
    Plan(
        clause="SEQ-2",
        slug="stateful",
        flags=("last-output",),
        comment="the last output alone of a stateful layer",
        options=LAST | {"stateful": True},
        batch=1,
        count=2,
    ),
    Plan(
        clause="SEQ-3",
        slug="last-of-two",
        flags=("last-output",),
        comment="the last output of a stack of two layers",
        layers=2,
        hidden=(3, 2),
        options=LAST,
    ),
    Plan(
        clause="SEQ-4",
        slug="type",
        flags=("output-type",),
        comment="outputs have the type of the weights",
        batch=1,
        count=2,
    ),
)
