"""DRP: where dropout does nothing."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

PLANS = (
    Plan(
        clause="DRP-1",
        slug="input",
        flags=("dropout-outside-training",),
        comment="dropout of the input, in a call that is not one of training",
        options={"dropout": "input", "rate": 0.5},
        hidden=2,
    ),
    Plan(
        clause="DRP-1",
        slug="state",
        flags=("dropout-outside-training",),
        comment="dropout of the state, in a call that is not one of training",
        options={"dropout": "state", "rate": 0.5},
        hidden=2,
        states=True,
        count=2,
    ),
    Plan(
        clause="DRP-2",
        slug="zero",
        flags=("rate-of-zero",),
        comment="a rate of 0 in training",
        options={"dropout": "input", "rate": 0.0, "training": True},
        hidden=2,
    ),
    Plan(
        clause="DRP-2",
        slug="zero-between-layers",
        flags=("rate-of-zero",),
        comment="a rate of 0 between layers in training",
        layers=2,
        options={"dropout": "between layers", "rate": 0.0, "training": True},
        hidden=2,
        count=2,
    ),
)
