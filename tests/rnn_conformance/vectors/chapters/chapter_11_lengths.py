"""LEN: sequences of different lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import steps_of_lengths

LAST = {"return_sequences": False}


def padded_with(value: float) -> Callable[[Made], None]:
    """What stands at masked time steps."""

    def change(made: Made) -> None:
        x, call = made.call.x.copy(), made.call
        steps = call.mask if call.lengths is None else steps_of_lengths(call.lengths, x.shape[1])
        assert steps is not None
        x[~steps] = value
        made.call = replace(call, x=x)

    return change


PLANS = (
    Plan(
        clause="LEN-1",
        slug="backward",
        flags=("backward-in-padding",),
        comment="the backward direction starts at the last valid time step of each row",
        directions=2,
        hidden=2,
        lengths=(2,),
        states=True,
    ),
    Plan(
        clause="LEN-2",
        slug="final",
        flags=("lengths",),
        comment="final states are those after the last valid time step",
        lengths=(2, 1),
        hidden=2,
    ),
    Plan(
        clause="LEN-2",
        slug="last",
        flags=("lengths",),
        comment="the last output is that of the last valid time step",
        lengths=(2, 1),
        hidden=2,
        options=LAST,
    ),
    Plan(
        clause="LEN-4",
        slug="nan",
        flags=("what-padding-holds",),
        comment="NaN in the padding",
        lengths=(1, 2),
        hidden=2,
        change=padded_with(np.nan),
    ),
    Plan(
        clause="LEN-4",
        slug="infinity",
        flags=("what-padding-holds",),
        comment="infinity in the padding",
        lengths=(2,),
        hidden=2,
        change=padded_with(np.inf),
        activation="relu",
        count=2,
    ),
    Plan(
        clause="LEN-5",
        slug="unsorted",
        flags=("order-of-rows",),
        comment="rows whose lengths go up",
        lengths=(1, 3, 2),
        batch=3,
        hidden=2,
    ),
    Plan(
        clause="LEN-6",
        slug="empty",
        may_refuse=True,
        flags=("empty-row",),
        comment="a row of length 0: its state is the initial one",
        lengths=(0, 2),
        hidden=2,
        states=True,
    ),
    Plan(
        clause="LEN-8",
        slug="full",
        flags=("full-rows",),
        comment="lengths that leave nothing out",
        lengths=(3, 3),
        hidden=2,
    ),
    Plan(
        clause="LEN-2",
        slug="stack",
        flags=("lengths", "backward-in-padding"),
        comment="two bidirectional layers, lengths of every row",
        layers=2,
        directions=2,
        hidden=2,
        lengths=(1, 2),
        count=2,
    ),
)
