"""LNG: long sequences, wide layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import Cell, Layer, Network


def last_unit_counts(made: Made) -> None:
    """Every unit gets something of the last one, and nothing of the others."""
    cell = made.cell
    W_h = np.zeros_like(cell.W_h)
    W_h[:, -1] = cell.W_x[:, 0] / 2
    made.network = Network(Layer(Cell(cell.W_x, W_h)))


LONG: dict[str, Any] = {
    "batch": 2,
    "inputs": 1,
    "hidden": 1,
    "gain": 0.5,
    "options": {"return_sequences": False},
}

PLANS = (
    Plan(
        clause="LNG-4",
        slug="lengths",
        flags=("many-valid-steps",),
        comment="a length that no byte holds",
        time=260,
        lengths=(257,),
        **LONG,
    ),
    Plan(
        clause="LNG-4",
        slug="mask",
        flags=("many-valid-steps",),
        comment="a mask of 132 time steps, the last of which are masked",
        time=132,
        mask=("1" * 129 + "000", "01" * 66),
        **LONG,
    ),
    Plan(
        clause="LNG-1",
        slug="steps",
        flags=("many-steps",),
        comment="520 steps: more than a buffer of 512 holds",
        time=520,
        batch=1,
        inputs=1,
        hidden=1,
        gain=0.5,
        count=2,
        options={"return_sequences": False},
    ),
    Plan(
        clause="LNG-2",
        slug="units",
        flags=("many-units",),
        comment="257 units, of which only the last counts in the next step",
        time=2,
        batch=1,
        inputs=1,
        hidden=257,
        count=2,
        options={"return_sequences": False},
        change=last_unit_counts,
        types=("float64", "float32"),
    ),
    Plan(
        clause="LNG-3",
        slug="tail",
        flags=("remainder-of-blocks",),
        comment="seven steps: three are left of a loop that is unrolled by four",
        inputs=2,
        batch=1,
        time=7,
        hidden=2,
        gain=0.5,
        count=2,
    ),
    Plan(
        clause="LNG-3",
        slug="features",
        flags=("remainder-of-blocks",),
        comment="thirteen features",
        inputs=13,
        batch=1,
        time=2,
        hidden=2,
    ),
    Plan(
        clause="LNG-3",
        slug="many-features",
        flags=("remainder-of-blocks",),
        comment="thirty-three features of one row",
        inputs=33,
        batch=1,
        time=1,
        hidden=2,
        count=2,
    ),
    Plan(
        clause="LNG-3",
        slug="units",
        flags=("remainder-of-blocks",),
        comment="thirteen units",
        hidden=13,
        batch=1,
        time=2,
        inputs=1,
        count=2,
    ),
    Plan(
        clause="LNG-5",
        slug="steps",
        flags=("one-after-blocks",),
        comment="51 steps: one more than fifty",
        time=51,
        batch=1,
        inputs=1,
        hidden=1,
        gain=0.5,
        options={"return_sequences": False},
    ),
    Plan(
        clause="LNG-5",
        slug="rows",
        flags=("one-after-blocks",),
        comment="37 rows: one more than three times twelve",
        time=1,
        batch=37,
        inputs=1,
        hidden=1,
        options={"return_sequences": False},
    ),
)
