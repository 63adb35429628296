"""LAW: what holds between two runs, here between each row, unit and direction and the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.vectors.recipes import Made, Plan


def nan_in_the_first_row(made: Made) -> None:
    """NaN at the first step of the first row."""
    x = made.call.x.copy()
    x[0, 0, 0] = np.nan
    made.call = replace(made.call, x=x)


PLANS = (
    Plan(
        clause="LAW-1",
        slug="prefix",
        flags=("looks-ahead",),
        comment="no step depends on later inputs",
        time=4,
        batch=1,
        hidden=2,
    ),
    Plan(
        clause="LAW-2",
        slug="rows",
        flags=("place-in-the-batch",),
        comment="three rows of the same input give three times the same",
        batch=3,
        hidden=2,
        change=lambda made: setattr(
            made, "call", replace(made.call, x=np.repeat(made.call.x[:1], len(made.call.x), axis=0))
        ),
    ),
    Plan(
        clause="LAW-3",
        slug="units",
        flags=("place-of-a-unit",),
        comment="five units, a number that no block divides",
        hidden=5,
        batch=1,
        time=2,
    ),
    Plan(
        clause="LAW-4",
        slug="signs",
        flags=("signs",),
        comment="without bias, and of both signs",
        biases=0,
        hidden=2,
    ),
    Plan(
        clause="LAW-5",
        slug="mirrored",
        flags=("backward-start",),
        comment="the backward direction starts at the last input",
        directions=2,
        hidden=2,
        batch=1,
    ),
    Plan(
        clause="LAW-6",
        slug="continued",
        flags=("initial-state-as-it-is",),
        comment="an initial state is a state, not a pre-activation",
        states=True,
        time=2,
        hidden=2,
    ),
    Plan(
        clause="LAW-7",
        slug="no-shortcut",
        flags=("shortcut",),
        comment="without recurrent weights no step depends on another",
        hidden=2,
        states=True,
        change=lambda made: setattr(
            made, "network", made.network.mapped(lambda w: 0 * w if w.shape == (2, 2) else w)
        ),
        inputs=3,
        count=2,
    ),
    Plan(
        clause="LAW-7",
        slug="no-state-in-the-output",
        flags=("shortcut",),
        comment="nothing of the state before is added to the one after",
        hidden=2,
        states=True,
        count=2,
    ),
    Plan(
        clause="LAW-8",
        slug="stack",
        flags=("between-layers",),
        comment="an upper layer gets the numbers of the lower one as they are",
        layers=2,
        hidden=2,
        gain=0.5,
    ),
    Plan(
        clause="LAW-9",
        slug="nan",
        flags=("nan-in-other-rows",),
        comment="NaN in one row, and none in the other",
        hidden=2,
        change=nan_in_the_first_row,
    ),
)
