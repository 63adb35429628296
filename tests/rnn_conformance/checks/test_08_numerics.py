"""NUM: how exact the results are."""

from __future__ import annotations

import numpy as np

from rnn_conformance.checks.support.expect import (
    expect_final_states,
    expect_last,
    expect_steps,
    final_states_of,
    with_cell,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import LAST_AXES, Subject
from rnn_reference.bounds import Bounded
from rnn_reference.jacobian_bounds import sharp_bound_cell
from rnn_reference.network import checked_call


@check("NUM-1", Cases(directions=(1,), activations=("tanh",)), needs=("sequence", "tanh"))
def test_tanh_is_this_exact(subject: Subject, case: Case) -> None:
    """Units without recurrence, fed by one weight of 1: the pre-activation is the input, exactly."""
    cell = case.network.cells[0]
    W_x = np.zeros_like(cell.W_x)
    W_x[:, 0] = 1
    no_bias = None if subject.supports.no_bias else np.zeros_like(cell.W_h[0])
    case = with_cell(case, W_x=W_x, W_h=np.zeros_like(cell.W_h), b=no_bias, b_h=None)
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-2",
    Cases(activations=("relu",), regimes=("moderate", "huge", "exact", "tiny"), scatter=True),
    needs=("sequence",),
)
def test_the_pre_activation_is_this_exact(subject: Subject, case: Case) -> None:
    """Under relu an output above zero is the pre-activation itself."""
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-3",
    Cases(activations=("tanh",), regimes=("chaotic", "moderate"), time=(50, 100, 200), scatter=True),
    needs=("sequence",),
    share=0.2,
)
def test_every_step_of_a_long_sequence_is_as_exact_as_the_first(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-4", Cases(layers=(1, 2), regimes=("contractive",), time=(1, 2, 3, 4, 5, 6)), needs=("final_states",)
)
def test_what_shows_no_sequence_is_within_the_forward_bound(subject: Subject, case: Case) -> None:
    expect_final_states(subject, case, subject.run(case))
    if subject.supports.last_output:
        expect_last(subject, case, subject.run(case, return_sequences=False))


@check("NUM-5", Cases(dtypes=("float64",), scatter=True), needs=("sequence",))
def test_float64_is_computed_in_float64(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check(
    "NUM-6",
    Cases(
        regimes=("moderate", "contractive"),
        padding=("none", "lengths"),
        time=(16, 32),
        inputs=(4,),
        hidden=(8, 16),
        scatter=True,
    ),
    needs=("final_states",),
    share=0.25,
)
def test_final_states_of_longer_sequences_are_within_the_sharper_bound(subject: Subject, case: Case) -> None:
    (final,) = final_states_of(subject, case, subject.run(case))
    x, ((*initial,),) = checked_call(case.network, case.x, case.initial_states)
    exact = Bounded(x.astype(float), np.zeros(x.shape))
    for direction, cell in enumerate(case.network.cells):
        turned = np.s_[:, ::-1] if direction else np.s_[:, :]
        steps = None if case.steps is None else case.steps[turned]
        _, bounded = sharp_bound_cell(cell, exact.at(turned), initial[direction], x.dtype, steps)
        subject.agree(f"final state of direction {direction}", final[direction], bounded, x.dtype, LAST_AXES)
