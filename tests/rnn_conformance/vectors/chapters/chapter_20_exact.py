"""EXA: integers, in which nothing is rounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_conformance.vectors.chapters.chapter_08_numerics import POINTS, around
from rnn_conformance.vectors.recipes import Made, Plan


def large(made: Made) -> None:
    """Odd numbers of thirteen bits as input, and as states."""
    x = 4097 + 2 * made.call.x
    made.call = replace(made.call, x=x * np.where(np.arange(x.shape[1]) % 2, -1, 1)[None, :, None])


EXACT: dict[str, Any] = {
    "grain": "integer",
    "claim": "exact",
    "activation": "relu",
    "hidden": 2,
    "batch": 1,
    "gain": 1,
}

PLANS = (
    Plan(
        clause="EXA-1",
        slug="integers",
        flags=("exact-sums",),
        comment="small integers: every type holds every sum, and results are exact",
        time=2,
        count=4,
        **EXACT,
    ),
    Plan(
        clause="EXA-1",
        slug="bidirectional",
        flags=("joined-directions",),
        comment="small integers in both directions of a layer",
        directions=2,
        time=2,
        **EXACT,
    ),
    Plan(
        clause="EXA-1",
        slug="large",
        flags=("exact-products", "exact-state"),
        comment="integers of thirteen bits, which float32 adds without rounding",
        change=large,
        time=2,
        count=4,
        states=True,
        types=("float64", "float32"),
        **EXACT,
    ),
    Plan(
        clause="EXA-1",
        slug="gradients",
        flags=("exact-sums",),
        comment="small integers: gradients are exact, too",
        time=2,
        count=3,
        states=True,
        gradients=True,
        **EXACT,
    ),
    Plan(
        clause="EXA-2",
        slug="points",
        flags=("tanh-by-table",),
        comment="tanh has more than eighteen bits",
        change=around(0.5),
        **POINTS,
    ),
)
