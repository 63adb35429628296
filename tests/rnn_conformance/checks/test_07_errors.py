"""ERR: how bad input is answered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from rnn_adapters.adapter import Call
from rnn_conformance.case import Case
from rnn_conformance.check import check
from rnn_conformance.strategies import cases
from rnn_conformance.subject import Subject
from rnn_reference.network import Array

Mistake = Callable[[Call], Call]


def with_x(change: Callable[[Array], Array]) -> Mistake:
    return lambda call: dataclasses.replace(call, x=np.ascontiguousarray(change(call.x)))


def with_state(change: Callable[[Array], Array]) -> Mistake:
    def mistake(call: Call) -> Call:
        assert call.initial_states is not None
        states = tuple(np.ascontiguousarray(change(state)) for state in call.initial_states)
        return dataclasses.replace(call, initial_states=states)

    return mistake


MISTAKES: dict[str, dict[str, Mistake]] = {
    "ERR-1": {
        "one feature too many": with_x(lambda x: np.concatenate([x, x[..., :1]], axis=-1)),
        "one feature too few": with_x(lambda x: x[..., :-1]),
    },
    "ERR-2": {
        "one axis": with_x(lambda x: x[0, 0]),
        "four axes": with_x(lambda x: x[None]),
    },
    "ERR-3": {
        "state of batch 1": with_state(lambda state: state[:, :1]),
        "state of a larger batch": with_state(lambda state: np.concatenate([state, state[:, :1]], axis=1)),
        "state of a smaller batch": with_state(lambda state: state[:, :-1]),
        "state with one unit too many": with_state(
            lambda state: np.concatenate([state, state[..., :1]], axis=-1)
        ),
        "state with one unit too few": with_state(lambda state: state[..., :-1]),
    },
    "ERR-4": {
        "a state too many": with_state(lambda state: np.concatenate([state, state[:1]])),
        "a state too few": with_state(lambda state: state[:-1]),
    },
}
"""For each clause the mistakes that must be answered with an error, as changes to a call that is right."""


def refuses(clause: str) -> Callable[[Subject, Case], None]:
    """The call with the case's mistake must raise; what kind of error is not asked."""

    def body(subject: Subject, case: Case) -> None:
        # What shrinking leaves must still be a mistake: a state cut from one row to one row is none.
        case = at_least_three_rows(case)
        call = MISTAKES[clause][case.variant](case.call())
        error = subject.error_of(case.network, call)
        shapes = [call.x.shape, *(state.shape for state in call.initial_states or ())]
        subject.require(
            error is not None, f"{case.variant}: expected an error; got an answer (shapes {shapes})"
        )

    return body


def at_least_three_rows(case: Case) -> Case:
    """The case with its rows repeated until there are three."""
    rows = np.arange(max(3, case.x.shape[0])) % case.x.shape[0]
    states = None if case.initial_states is None else tuple(s[:, rows] for s in case.initial_states)
    return case.replace(x=case.x[rows], initial_states=states)


def bad(clause: str) -> tuple[str, ...]:
    return tuple(MISTAKES[clause])


@check("ERR-1", cases(variants=bad("ERR-1")))
def test_wrong_number_of_features_is_an_error(subject: Subject, case: Case) -> None:
    refuses("ERR-1")(subject, case)


@check("ERR-2", cases(variants=bad("ERR-2")))
def test_wrong_number_of_axes_is_an_error(subject: Subject, case: Case) -> None:
    refuses("ERR-2")(subject, case)


@check("ERR-3", cases(variants=bad("ERR-3"), initial_states=(True,)), needs=("initial_states",))
def test_initial_state_of_the_wrong_shape_is_an_error(subject: Subject, case: Case) -> None:
    refuses("ERR-3")(subject, case)


@check("ERR-4", cases(variants=bad("ERR-4"), initial_states=(True,)), needs=("initial_states",))
def test_wrong_number_of_initial_states_is_an_error(subject: Subject, case: Case) -> None:
    refuses("ERR-4")(subject, case)
