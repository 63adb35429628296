"""MSK: masked time steps in any pattern."""

from __future__ import annotations

import numpy as np

from rnn_conformance.vectors.chapters.chapter_11_lengths import padded_with
from rnn_conformance.vectors.recipes import Plan

LAST = {"return_sequences": False}

PLANS = (
    Plan(
        clause="MSK-1",
        slug="holes",
        flags=("mask-of-holes",),
        comment="masked time steps at the start and between others",
        mask=("0101", "1011"),
        time=4,
        hidden=2,
        states=True,
    ),
    Plan(
        clause="MSK-1",
        slug="both-directions",
        flags=("mask-of-backward",),
        comment="a mask that is not its own mirror image, of a bidirectional layer",
        directions=2,
        mask=("0111", "1001"),
        time=4,
        hidden=2,
    ),
    Plan(
        clause="MSK-1",
        slug="inside",
        flags=("mask-inside-a-row",),
        comment="eight time steps, of which masked ones stand between valid ones",
        mask=("11011011", "10111101"),
        time=8,
        hidden=2,
        inputs=1,
    ),
    Plan(
        clause="MSK-1",
        slug="rows",
        flags=("rows-beyond-a-block",),
        comment="eighteen rows, of which the first masks a time step",
        mask=("101",),
        batch=18,
        hidden=2,
        inputs=1,
    ),
    Plan(
        clause="MSK-2",
        slug="carried",
        flags=("state-at-masked-steps",),
        comment="a masked time step leaves the state as it is",
        mask=("101", "100"),
        hidden=2,
        states=True,
    ),
    Plan(
        clause="MSK-4",
        slug="nan",
        flags=("what-masked-steps-hold",),
        comment="NaN at masked time steps",
        mask=("101", "010"),
        hidden=2,
        change=padded_with(np.nan),
    ),
    Plan(
        clause="MSK-4",
        slug="infinity",
        flags=("what-masked-steps-hold",),
        comment="infinity at masked time steps, under relu",
        activation="relu",
        mask=("101", "010"),
        hidden=2,
        change=padded_with(np.inf),
        count=2,
    ),
    Plan(
        clause="MSK-5",
        slug="no-step",
        flags=("row-without-step",),
        comment="a row without a valid time step keeps its initial state",
        mask=("000", "110"),
        hidden=2,
        states=True,
    ),
    Plan(
        clause="MSK-7",
        slug="last",
        flags=("row-without-step",),
        comment="the last output of a row without a valid time step is its initial state",
        mask=("000", "011"),
        hidden=2,
        states=True,
        options=LAST,
    ),
    Plan(
        clause="MSK-8",
        slug="lengths-too",
        flags=("lengths-and-mask",),
        comment="lengths beside a mask: a step is valid where both say so",
        lengths=(3, 2),
        mask=("1011", "0111"),
        time=4,
        hidden=2,
        states=True,
    ),
)
