"""Sharper claims than the forward bound, where a clause makes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnn_conformance.engine.case import Case
from rnn_reference.activations import ACTIVATION_ACCURACY
from rnn_reference.bounds import Bounded, StepBound
from rnn_reference.errors import BadInput
from rnn_reference.forward import run_network
from rnn_reference.gradients import Gradients, backpropagate
from rnn_reference.network import Array, Network, States, checked_call
from rnn_reference.precision import EXACT, precision_of, widened
from rnn_reference.second_gradients import second_gradients

SMALL, LARGE = 2.0**-8, 32
"""Up to SMALL tanh keeps its digits (NUM-8), and from LARGE on it is ±1 (NUM-7)."""


def exact(case: Case, bounded: Bounded) -> Bounded:
    """Nothing is rounded: relu or linear cells, and integers, of which no sum is too large for the type.

    Raises:
        BadInput: the case is none of these.
    """
    largest = _largest(
        case.network, lambda network, x, states: run_network(network, x, states, case.steps), case
    )
    _require_integers(case, largest)
    return Bounded(bounded.value, widened(np.zeros(bounded.value.shape), EXACT))


def require_exact_gradients(
    case: Case, d_sequence: Array, d_final_states: States, direction: Gradients | None = None
) -> None:
    """The same of gradients; with a direction, of gradients of gradients.

    Raises:
        BadInput: see `exact`.
    """
    given = np.abs(d_sequence), tuple(map(np.abs, d_final_states))

    def computed(network: Network, x: Array, starts: States) -> Any:
        if direction is None:
            return backpropagate(network, x, starts, *given, case.steps)
        return second_gradients(network, x, starts, *given, direction.mapped(np.abs), case.steps)

    _require_integers(case, _largest(case.network, computed, case))


def _largest(network: Network, computed: Callable[..., Any], case: Case) -> float:
    """The largest sum of absolute values on the way."""
    x, states = checked_call(network, case.x, case.initial_states)
    found = computed(network.mapped(np.abs), np.abs(x), tuple(map(np.abs, states)))
    return max(float(array.max(initial=0)) for array in _arrays(found))


def _arrays(value: Any) -> list[Array]:
    if isinstance(value, tuple):
        return [array for each in value for array in _arrays(each)]
    return [] if value is None else [np.abs(np.asarray(value, object)).astype(float)]


def _require_integers(case: Case, largest: float) -> None:
    limit = 1 / precision_of(case.network.dtype).unit_roundoff
    weights = [w for cell in case.network.cells for w in (cell.W_x, cell.W_h, *cell.biases)]
    integers = all(np.array_equal(array, np.round(array.astype(float))) for array in (case.x, *weights))
    linear = {cell.activation.name for cell in case.network.cells} <= {"relu", "linear"}
    if not (integers and linear and largest <= limit):
        raise BadInput(f"exact: expected integers, none above {limit:g}; got a sum of {largest:g}")


def at_points(case: Case, bounded: Bounded) -> Bounded:
    """A step whose pre-activation is exact: only the activation is rounded.

    Raises:
        BadInput: the case has more than one step or layer, or more than one term in a pre-activation.
    """
    (cell,) = case.network.cells
    terms = np.count_nonzero(cell.W_x, axis=1).max(initial=0)
    if case.x.shape[1] != 1 or terms > 1 or cell.biases or cell.W_h.any() or case.initial_states:
        raise BadInput("at points: expected one step of one term without bias and state; got another call")
    bound = StepBound(cell, case.network.dtype).accuracy(bounded.value)
    if cell.activation.name == "tanh":
        z = widened(case.x, EXACT) @ widened(cell.W_x, EXACT).T
        z = z.reshape(bounded.value.shape)  # (batch, 1, hidden), or (1, batch, hidden) of final states
        precision = precision_of(case.network.dtype)
        near = np.abs(z) * (ACTIVATION_ACCURACY * precision.unit_roundoff) + precision.underflow
        bound = np.where(np.abs(z) <= SMALL, near, bound)
        bound = np.where(np.abs(z) >= LARGE, widened(np.zeros(z.shape), EXACT), bound)
        value = np.where(np.abs(z) >= LARGE, np.where(z > 0, 1.0, -1.0), bounded.value)
        return Bounded(value, bound)
    return Bounded(bounded.value, bound)


def saturated(case: Case, bounded: Bounded) -> Bounded:
    """Where nothing else could be claimed, and the exact result is ±1, it must be."""
    precision = precision_of(case.network.dtype)
    one = np.abs(bounded.value) == 1
    accuracy = ACTIVATION_ACCURACY * precision.unit_roundoff
    bound = np.where(one & ~(bounded.bound < np.inf), accuracy, bounded.bound)
    return Bounded(bounded.value, bound)


CLAIMS: Mapping[str, Callable[[Case, Bounded], Bounded]] = {
    "exact": exact,
    "at points": at_points,
    "saturated": saturated,
}
