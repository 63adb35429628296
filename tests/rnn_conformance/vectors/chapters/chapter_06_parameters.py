"""PAR: biases, and weights as they were given."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

PLANS = (
    Plan(
        clause="PAR-4",
        slug="two-biases",
        flags=("second-bias",),
        comment="two bias vectors, which are added",
        biases=2,
        batch=1,
    ),
    Plan(
        clause="PAR-4",
        slug="two-biases-both-directions",
        flags=("second-bias",),
        comment="two bias vectors in each direction of two layers",
        layers=2,
        directions=2,
        biases=2,
        hidden=2,
        batch=1,
        time=2,
        count=2,
    ),
    Plan(
        clause="PAR-5",
        slug="all-digits",
        flags=("digits-of-weights",),
        comment="weights with all the digits of float32",
        grain="fine",
        batch=1,
    ),
)
