"""FWD: the recurrence."""

from __future__ import annotations

import numpy as np

from rnn_conformance.checks.support.expect import expect_same, expect_steps, sequence_of, with_cell
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import SEQUENCE_AXES, Subject
from rnn_reference.activations import ACTIVATIONS
from rnn_reference.network import Array

ONE_DIRECTION = Cases(directions=(1,))


@check("FWD-1", ONE_DIRECTION, needs=("sequence",))
def test_every_step_follows_the_recurrence(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("FWD-2", ONE_DIRECTION, needs=("sequence",))
def test_recurrent_weight_leads_from_column_to_row(subject: Subject, case: Case) -> None:
    """One weight alone, from the first unit to the last: transposed, it leads from the last to the first."""
    case = with_cell(case, W_h=single_entry(case.network.cells[0].W_h))
    expect_steps(subject, case, subject.run(case))


@check("FWD-3", ONE_DIRECTION, needs=("sequence",))
def test_input_weight_leads_from_column_to_row(subject: Subject, case: Case) -> None:
    """One weight alone, from the first feature to the last unit."""
    case = with_cell(case, W_x=single_entry(case.network.cells[0].W_x))
    expect_steps(subject, case, subject.run(case))


@check("FWD-4", Cases(directions=(1,), biases=(1, 2)), needs=("sequence",))
def test_bias_is_added_once_before_the_activation(subject: Subject, case: Case) -> None:
    """With all other weights zero, every output is φ(b)."""
    cell = case.network.cells[0]
    case = with_cell(case, W_x=np.zeros_like(cell.W_x), W_h=np.zeros_like(cell.W_h))
    expect_steps(subject, case, subject.run(case))


@check("FWD-5", Cases(directions=(1,), activations=ACTIVATIONS), needs=("sequence",))
def test_the_activation_is_the_one_that_the_cell_names(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("FWD-6", ONE_DIRECTION, needs=("sequence",))
def test_one_step_for_each_input_in_order(subject: Subject, case: Case) -> None:
    """An impulse: one step's input is kept, all others are zero."""
    x = np.zeros_like(case.x)
    when = case.x.shape[1] // 2
    x[:, when] = case.x[:, when]
    case = case.replace(x=x)
    expect_steps(subject, case, subject.run(case))


@check("FWD-7", Cases(directions=(1,), regimes=("moderate", "contractive")), needs=("sequence",))
def test_rows_of_a_batch_do_not_mix(subject: Subject, case: Case) -> None:
    """All rows but the first are given another input; the first row's outputs stay."""
    x = case.x.copy()
    x[1:] = -x[1:] + 1
    other = case.replace(x=x)
    outputs = [sequence_of(subject, each, subject.run(each)).copy() for each in (case, other)]
    bound = subject.bounds_of(case).sequence.bound
    expect_same(subject, "first row", outputs[1][:1], outputs[0][:1], bound[:1], SEQUENCE_AXES)


def single_entry(weights: Array) -> Array:
    """Zeros, but for one number in the last row's first column."""
    alone = np.zeros_like(weights)
    largest = np.abs(weights).max()
    alone[-1, 0] = largest if largest else 1
    return alone
