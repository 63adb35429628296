"""FWD: one step, one direction."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

PLANS = (
    Plan(
        clause="FWD-1",
        slug="steps",
        flags=("every-step",),
        comment="five steps of one layer",
        batch=1,
        time=5,
        gradients=True,
    ),
    Plan(
        clause="FWD-2",
        slug="recurrent",
        flags=("recurrent-orientation",),
        comment="W_h is far from its transpose, and its diagonal says little",
        time=3,
    ),
)
