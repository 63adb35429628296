"""ERR: how bad input is answered."""

from __future__ import annotations

import numpy as np

from rnn_conformance.case import Case
from rnn_conformance.check import check
from rnn_conformance.mistakes import Mistake, expect_refusal, with_states, with_x
from rnn_conformance.strategies import cases
from rnn_conformance.subject import Subject

HALF = 0.5  # these cases are costly, or have little to draw

FEATURES: dict[str, Mistake] = {
    "one feature too many": with_x(lambda x: np.concatenate([x, x[..., :1]], axis=-1)),
    "one feature too few": with_x(lambda x: x[..., :-1]),
}
AXES: dict[str, Mistake] = {
    "one axis": with_x(lambda x: x[0, 0]),
    "four axes": with_x(lambda x: x[None]),
}
STATE_SHAPES: dict[str, Mistake] = {
    "state of batch 1": with_states(lambda state: state[:, :1]),
    "state of a larger batch": with_states(lambda state: np.concatenate([state, state[:, :1]], axis=1)),
    "state of a smaller batch": with_states(lambda state: state[:, :-1]),
    "state with one unit too many": with_states(
        lambda state: np.concatenate([state, state[..., :1]], axis=-1)
    ),
    "state with one unit too few": with_states(lambda state: state[..., :-1]),
}
STATE_NUMBERS: dict[str, Mistake] = {
    "a state too many": with_states(lambda state: np.concatenate([state, state[:1]])),
    "a state too few": with_states(lambda state: state[:-1]),
}


@check("ERR-1", cases(variants=tuple(FEATURES)), share=HALF)
def test_wrong_number_of_features_is_an_error(subject: Subject, case: Case) -> None:
    expect_refusal(subject, case, FEATURES)


@check("ERR-2", cases(variants=tuple(AXES)), share=HALF)
def test_wrong_number_of_axes_is_an_error(subject: Subject, case: Case) -> None:
    expect_refusal(subject, case, AXES)


@check("ERR-3", cases(variants=tuple(STATE_SHAPES), initial_states=(True,)), needs=("initial_states",))
def test_initial_state_of_the_wrong_shape_is_an_error(subject: Subject, case: Case) -> None:
    expect_refusal(subject, case, STATE_SHAPES)


@check(
    "ERR-4",
    cases(variants=tuple(STATE_NUMBERS), initial_states=(True,)),
    needs=("initial_states",),
    share=HALF,
)
def test_wrong_number_of_initial_states_is_an_error(subject: Subject, case: Case) -> None:
    expect_refusal(subject, case, STATE_NUMBERS)
