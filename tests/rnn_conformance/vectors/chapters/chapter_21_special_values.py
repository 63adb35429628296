"""NAN: NaN, infinity and overflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import Array, Cell, Layer, Network


def with_input(value: float, step: int = 0) -> Callable[[Made], None]:
    """One feature of one step of the first row."""

    def change(made: Made) -> None:
        x = made.call.x.copy()
        x[0, step, 0] = value
        made.call = replace(made.call, x=x)

    return change


def with_state(value: float) -> Callable[[Made], None]:
    """One unit of the initial state of the first row."""

    def change(made: Made) -> None:
        (state,) = made.call.initial_states or ()
        state = state.copy()
        state[0, 0, 0] = value
        made.call = replace(made.call, initial_states=(state,))

    return change


def overflowing(made: Made) -> None:
    """One term of each sum is beyond what float32 holds, and there is no other."""
    cell = made.cell
    W_x = np.zeros_like(cell.W_x)
    W_x[:, 0] = 2.0**100 * np.where(np.arange(len(W_x)) % 2, -1.0, 1.0)
    made.network = Network(Layer(Cell(W_x, 0 * cell.W_h)))
    x = made.call.x.copy()
    x[:, 0, 0] = 2.0**100
    made.call = replace(made.call, x=x)


def large(made: Made) -> None:
    """Sums of some hundreds, whose exponentials overflow."""
    made.network = made.network.mapped(lambda w: w * 1024)


def nothing_but_zeros(made: Made) -> None:
    """−0 in input and initial states."""

    def negative(array: Array) -> Array:
        return -np.zeros_like(array)

    call = made.call
    states = tuple(map(negative, call.initial_states or ()))
    x = call.x.copy()
    x[0] = -0.0
    made.call = replace(call, x=x, initial_states=states)


PLANS = (
    Plan(
        clause="NAN-1",
        slug="tanh",
        flags=("nan-stays",),
        comment="NaN in one step makes every unit NaN from there on",
        change=with_input(np.nan, 1),
        hidden=2,
    ),
    Plan(
        clause="NAN-1",
        slug="relu",
        flags=("nan-through-relu",),
        comment="NaN goes through relu",
        activation="relu",
        change=with_input(np.nan, 1),
        hidden=2,
    ),
    Plan(
        clause="NAN-1",
        slug="relu-above",
        flags=("nan-through-relu",),
        comment="NaN goes through relu of both layers",
        layers=2,
        activation="relu",
        change=with_input(np.nan, 1),
        hidden=2,
    ),
    Plan(
        clause="NAN-2",
        slug="infinity",
        flags=("infinite-input",),
        comment="an infinite input makes every tanh ±1",
        change=with_input(np.inf),
        claim="saturated",
        hidden=2,
        time=1,
    ),
    Plan(
        clause="NAN-3",
        slug="overflow",
        flags=("overflow",),
        comment="sums that overflow make every tanh ±1",
        change=overflowing,
        claim="saturated",
        hidden=2,
        time=1,
        types=("float32",),
    ),
    Plan(
        clause="NAN-3",
        slug="exponentials",
        flags=("overflow",),
        comment="sums of some hundreds, of which tanh is ±1 and an exponential is infinite",
        change=large,
        hidden=2,
        time=2,
        types=("float64", "float32"),
    ),
    Plan(
        clause="NAN-4",
        slug="final",
        flags=("nan-in-final-states", "nan-in-other-rows"),
        comment="NaN shows in the final states of its row alone",
        change=with_input(np.nan),
        hidden=2,
    ),
    Plan(
        clause="NAN-4",
        slug="last",
        flags=("nan-in-other-rows",),
        comment="NaN shows in the last output of its row alone",
        change=with_input(np.nan),
        hidden=2,
        options={"return_sequences": False},
        count=2,
    ),
    Plan(
        clause="NAN-5",
        slug="state",
        flags=("nan-as-state",),
        comment="an initial state of NaN",
        states=True,
        change=with_state(np.nan),
        hidden=2,
        time=2,
    ),
    Plan(
        clause="NAN-6",
        slug="state",
        flags=("infinite-state",),
        comment="an infinite initial state makes every tanh ±1",
        states=True,
        change=with_state(np.inf),
        claim="saturated",
        hidden=2,
        time=1,
    ),
    Plan(
        clause="NAN-7",
        slug="zero",
        flags=("minus-zero",),
        comment="−0 in the input and as initial state",
        states=True,
        change=nothing_but_zeros,
        hidden=2,
        time=2,
    ),
)
