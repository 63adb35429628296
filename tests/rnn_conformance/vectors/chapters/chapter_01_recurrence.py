"""FWD: one step, one direction."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

PLANS = (
    Plan(
        clause="FWD-1",
        slug="steps",
        flags=("every-step",),
        comment="five steps of one sequence",
        batch=1,
        time=5,
    ),
    Plan(
        clause="FWD-2",
        slug="recurrent",
        flags=("recurrent-orientation",),
        comment="W_h is far from its transpose, and more than its diagonal counts",
    ),
    Plan(
        clause="FWD-3",
        slug="input",
        flags=("input-orientation",),
        comment="two features and three units",
    ),
    Plan(
        clause="FWD-3",
        slug="square",
        flags=("input-orientation",),
        comment="as many features as units, so that no shape tells W_x from its transpose",
        inputs=3,
    ),
    Plan(
        clause="FWD-4",
        slug="bias",
        flags=("bias",),
        comment="the bias is as large as the products",
        batch=1,
    ),
    Plan(
        clause="FWD-5",
        slug="relu",
        flags=("activation-name",),
        comment="relu, beyond 1 and below 0",
        activation="relu",
        gain=2,
        batch=1,
    ),
    Plan(
        clause="FWD-5",
        slug="tanh",
        flags=("activation-name",),
        comment="tanh, which relu and the identity are not",
        gain=2,
        batch=1,
    ),
    Plan(
        clause="FWD-6",
        slug="timing",
        flags=("timing",),
        comment="every step has an input of its own, the last one too",
        batch=1,
        time=4,
        hidden=2,
    ),
    Plan(
        clause="FWD-7",
        slug="rows",
        flags=("rows",),
        comment="three rows that have nothing to do with each other",
        batch=3,
        hidden=2,
    ),
)
