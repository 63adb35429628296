"""NUM: how exact results have to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.declarations import DType
from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import Array, Cell, Layer, Network

WIDE: tuple[DType, ...] = ("float64", "float32")


def at(made: Made, points: Array) -> None:
    """One step of one unit, whose pre-activation is the input itself, at each of these points."""
    activation = made.cell.activation
    made.network = Network(Layer(Cell(np.ones((1, 1)), np.zeros((1, 1)), activation=activation)))
    made.call = replace(made.call, x=points.reshape((-1, 1, 1)), initial_states=None)


def around(scale: float, count: int = 8) -> Any:
    """Puts points of one size into a vector: as many above 0 as below."""

    def change(made: Made) -> None:
        points = (1 + made.array((count,)) / 2).astype(np.float32).astype(np.float64)
        at(made, scale * points * np.resize([1, -1], count))

    return change


def beyond(made: Made) -> None:
    """Points at which a tanh is ±1."""
    at(made, np.array([32.0, -32.0, 33.5, -40.0, 64.0, -100.0, 1024.0, -30000.0]))


POINTS: dict[str, Any] = {"claim": "at points", "grain": "fine", "types": WIDE, "hidden": 1, "inputs": 1}
FLOAT64: dict[str, Any] = {"grain": "double", "dtype": "float64", "types": ("float64",)}

PLANS = (
    Plan(
        clause="NUM-1",
        slug="tanh",
        flags=("inexact-tanh",),
        comment="tanh at points between 1/2 and 3/2",
        change=around(1.0),
        **POINTS,
    ),
    Plan(
        clause="NUM-1",
        slug="tanh-below",
        flags=("inexact-tanh",),
        comment="tanh at points around 2",
        change=around(2.0),
        count=2,
        **POINTS,
    ),
    Plan(
        clause="NUM-2",
        slug="products",
        flags=("narrow-products",),
        comment="weights, input and states with all the digits of float32",
        grain="fine",
        states=True,
        batch=1,
        time=2,
    ),
    Plan(
        clause="NUM-3",
        slug="drift",
        flags=("drifting-state",),
        comment="twelve steps in float64, in which a millionth shows",
        time=12,
        hidden=2,
        inputs=1,
        batch=1,
        dtype="float64",
        types=WIDE,
    ),
    Plan(
        clause="NUM-4",
        slug="final",
        flags=("narrow-final-state",),
        comment="final states have all the digits of the type",
        grain="fine",
        batch=1,
        hidden=2,
    ),
    Plan(
        clause="NUM-5",
        slug="double",
        flags=("float64-in-float32",),
        comment="numbers with all the digits of float64",
        batch=1,
        **FLOAT64,
    ),
    Plan(
        clause="NUM-6",
        slug="long",
        flags=("drifting-state",),
        comment="twenty steps, the last of which still depend on all before them",
        time=20,
        hidden=2,
        inputs=1,
        batch=1,
        options={"return_sequences": False},
    ),
    Plan(
        clause="NUM-7",
        slug="one",
        flags=("range-of-tanh",),
        comment="tanh from 32 on is exactly ±1",
        change=beyond,
        count=1,
        **POINTS,
    ),
    Plan(
        clause="NUM-7",
        slug="one-of-many",
        flags=("range-of-tanh",),
        comment="tanh from 32 on is exactly ±1",
        change=around(64.0),
        count=2,
        **POINTS,
    ),
    Plan(
        clause="NUM-8",
        slug="small",
        flags=("small-tanh",),
        comment="tanh of numbers around 2⁻¹² has all of its digits",
        change=around(2.0**-12),
        **POINTS,
    ),
    Plan(
        clause="NUM-8",
        slug="tiny",
        flags=("small-tanh",),
        comment="tanh of numbers around 2⁻⁴⁰ has all of its digits",
        change=around(2.0**-40),
        count=2,
        **POINTS,
    ),
    Plan(
        clause="NUM-10",
        slug="final",
        flags=("partly-in-float32",),
        comment="final states and initial states with all the digits of float64",
        states=True,
        batch=1,
        **FLOAT64,
    ),
    Plan(
        clause="NUM-10",
        slug="stack",
        flags=("partly-in-float32",),
        comment="what is handed from layer to layer has all the digits of float64",
        layers=2,
        hidden=2,
        batch=1,
        **FLOAT64,
    ),
    Plan(
        clause="NUM-10",
        slug="merged",
        flags=("partly-in-float32",),
        comment="merged outputs have all the digits of float64",
        directions=2,
        hidden=2,
        batch=1,
        options={"merge_mode": "mul"},
        **FLOAT64,
    ),
    Plan(
        clause="NUM-11",
        slug="leaky",
        flags=("activation-in-float32",),
        comment="α = 0.01 has all the digits of float64",
        activation="leaky_relu",
        batch=1,
        hidden=2,
        count=2,
        **FLOAT64,
    ),
    Plan(
        clause="NUM-11",
        slug="sigmoid",
        flags=("activation-in-float32",),
        comment="an activation of exact pre-activations, in float64",
        activation="sigmoid",
        change=around(1.0),
        count=2,
        **(POINTS | {"dtype": "float64"}),
    ),
    Plan(
        clause="NUM-11",
        slug="scaled-tanh",
        flags=("activation-in-float32",),
        comment="α and β have all the digits of float64",
        activation="scaled_tanh(alpha=1.7159, beta=0.6667)",
        batch=1,
        hidden=2,
        count=2,
        **FLOAT64,
    ),
)
