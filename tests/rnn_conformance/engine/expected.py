"""What the reference gives for a case, with the bound of every element, computed once for each call.

A check asks for it once for each output that it compares, and a history for the same call again and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from rnn_conformance.engine.case import Case
from rnn_reference.activations import said_inexact
from rnn_reference.bounds import Bounded, BoundedResult, bound_layers
from rnn_reference.network import Array
from rnn_reference.precision import said_of_float64
from rnn_reference.quantised import Quantised

MOST_KEPT = 8
"""Calls whose bounds are kept: as many as a history has."""

Content: TypeAlias = tuple[object, ...]


@dataclass(frozen=True)
class _Asked:
    """A case, equal to another where the reference computes the same of it."""

    content: Content
    case: Case = field(compare=False)


def bounds_of(case: Case, quantised: Quantised | None = None) -> BoundedResult:
    """The forward bound of a case (`rnn_reference.bounds.bound_network`). Its arrays are read-only."""
    sequences, final_states = bounds_of_layers(case, quantised)
    return BoundedResult(sequences[-1], final_states)


def bounds_of_layers(
    case: Case, quantised: Quantised | None = None
) -> tuple[list[Bounded], tuple[Bounded, ...]]:
    """That of every layer (`rnn_reference.bounds.bound_layers`)."""
    return _bounded(_Asked(_content(case), case), quantised)


@lru_cache(maxsize=MOST_KEPT)
def _bounded(asked: _Asked, quantised: Quantised | None) -> tuple[list[Bounded], tuple[Bounded, ...]]:
    case = asked.case
    sequences, final_states = bound_layers(case.network, case.x, case.initial_states, case.steps, quantised)
    for bounded in (*sequences, *final_states):
        bounded.value.flags.writeable = bounded.bound.flags.writeable = False
    return sequences, final_states


def _content(case: Case) -> Content:
    """By value, as arrays may be written to."""
    steps = None if case.steps is None else _of((case.steps,))
    states = None if case.initial_states is None else _of(case.initial_states)
    weights = [
        [(cell.activation, _of((cell.W_x, cell.W_h, *cell.biases))) for cell in layer.cells]
        for layer in case.network.layers
    ]
    return (
        _of((case.x,)),
        states,
        steps,
        *(tuple(cells) for cells in weights),
        said_inexact(),
        said_of_float64(),
    )


def _of(arrays: Iterable[Array]) -> Content:
    return tuple((array.dtype, array.shape, array.tobytes()) for array in arrays)
