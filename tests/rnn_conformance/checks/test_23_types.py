"""DTY: types narrower than float32, and mixed precision."""

from __future__ import annotations

import numpy as np

from rnn_adapters.declarations import NarrowType
from rnn_conformance.checks.support.expect import (
    expect_everything,
    expect_steps,
    final_states_of,
    sequence_of,
    with_cell,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.meaning import as_computed
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array

NARROW: tuple[NarrowType, ...] = ("float16", "bfloat16")
SHORT = (1, 2, 3)
LONG_SUMS = (64,)


@check("DTY-1", Cases(layers=(1, 2), dtypes=NARROW, time=SHORT), needs=("sequence", "narrow_dtypes"))
def test_what_is_returned_has_the_type_of_the_network(subject: Subject, case: Case) -> None:
    output = subject.run(case)
    sequence_of(subject, case, output)
    if subject.supports.final_states:
        final_states_of(subject, case, output)
    if subject.supports.last_output:
        shape = (case.x.shape[0], case.network.output_size)
        last = subject.run(case, return_sequences=False).last
        subject.has_shape("last output", last, shape, case.network.dtype)


@check("DTY-2", Cases(directions=(1,), dtypes=NARROW, scatter=True), needs=("sequence", "narrow_dtypes"))
def test_a_step_rounds_each_product_and_sum_once(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


def cancelling(numbers: Array) -> Array:
    """The numbers, with those of the second half of the last axis the negatives of those of the first."""
    half = numbers.shape[-1] // 2
    return np.concatenate([numbers[..., :half], -numbers[..., :half]], axis=-1)


@check(
    "DTY-3",
    Cases(directions=(1,), dtypes=NARROW, inputs=LONG_SUMS, hidden=(2, 4), time=SHORT, scatter=True),
    needs=("sequence", "narrow_dtypes"),
)
def test_products_are_summed_in_float32(subject: Subject, case: Case) -> None:
    """Long sums that first grow large and then cancel: what is lost on the way does not come back."""
    case = with_cell(case, W_x=np.abs(case.network.cells[0].W_x)).replace(x=cancelling(np.abs(case.x)))
    expect_steps(subject, case, subject.run(case))


@check(
    "DTY-4",
    Cases(directions=(1,), dtypes=("float16",), regimes=("small",), scatter=True),
    needs=("sequence", "float16"),
)
def test_small_float16_numbers_are_not_flushed(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check(
    "DTY-5",
    Cases(
        layers=(1, 2),
        dtypes=NARROW,
        regimes=("contractive", "moderate"),
        padding=("none", "lengths"),
        time=SHORT,
    ),
    needs=("sequence", "narrow_dtypes"),
)
def test_layers_directions_and_states_of_narrow_types(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check(
    "DTY-6",
    Cases(
        directions=(1,),
        compute_dtypes=NARROW,
        inputs=(2, 4, 6),
        hidden=(2, 3, 4),
        biases=(1, 2),
        initial_states=(False,),
        scatter=True,
    ),
    needs=("sequence", "compute_dtypes"),
)
def test_mixed_precision_rounds_weights_and_input_first(subject: Subject, case: Case) -> None:
    """In the first unit products cancel to zero once their factors are rounded, and do not before."""
    cell = case.network.cells[0]
    half = cell.W_x.shape[1] // 2
    W_x, x = cell.W_x.copy(), case.x.copy()
    W_x[0, half:] = W_x[0, :half].astype(case.call.compute_dtype)
    x[..., half:] = -x[..., :half].astype(case.call.compute_dtype)
    case = with_cell(case, W_x=W_x, W_h=0 * cell.W_h, b=0 * cell.W_h[0], b_h=None).replace(x=x)
    expect_steps(subject, as_computed(case), subject.run(case))


@check(
    "DTY-7",
    Cases(
        layers=(1, 2),
        compute_dtypes=NARROW,
        regimes=("contractive", "moderate"),
        padding=("none", "lengths"),
        time=SHORT,
        scatter=True,
    ),
    needs=("sequence", "compute_dtypes"),
)
def test_mixed_precision_computes_as_a_network_of_that_type(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)
