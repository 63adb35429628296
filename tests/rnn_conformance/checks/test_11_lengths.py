"""LEN: variable-length sequences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_adapters.adapter import Call
from rnn_conformance.checks.support.asking import (
    expect_a_derivative,
    expect_derivatives,
    left_alone,
    with_states,
)
from rnn_conformance.checks.support.derivatives import expect_all, is_differentiable
from rnn_conformance.checks.support.expect import (
    expect_everything,
    expect_final_states,
    expect_output,
    expect_padding,
    expect_same_outputs,
    expect_steps,
    expect_top_steps,
    poisoned,
    sequence_of,
    with_nan,
)
from rnn_conformance.checks.support.mistakes import Mistake, expect_refusal, with_lengths
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import POISONS, POOL, Cases, Padding
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array

HALF = 0.5  # these cases are expensive, or have little to draw

TAME: tuple[Regime, ...] = ("contractive", "moderate")
PADDED: tuple[Padding, ...] = ("lengths",)
SHORT = (1, 2, 3, 4, 5, 6)
ROWS = ("variable_lengths",)


ANY = replace(POOL, layers=(1, 1, 1, 2), directions=(1, 2))
"""Layers of which many go backwards or merge their directions."""


def above_the_steps(call: Call) -> Call:
    """One length is one step too long, or all are far too long."""
    assert call.lengths is not None
    lengths = call.lengths + 1000
    if call.lengths.sum() % 2:
        lengths = in_one_row(call.lengths, call.x.shape[-2] + 1)
    return replace(call, lengths=lengths)


def in_one_row(lengths: Array, wrong: int) -> Array:
    """The lengths, of which one is wrong: the first, the last or one between them."""
    given = lengths.copy()
    given[(lengths.sum() // 2) % len(lengths)] = wrong
    return given


LENGTHS: dict[str, Mistake] = {
    "a length above T": above_the_steps,
    "a negative length": with_lengths(lambda lengths: in_one_row(lengths, -1)),
    "a length too many": with_lengths(lambda lengths: np.concatenate([lengths, lengths[:1]])),
    "a length too few": with_lengths(lambda lengths: lengths[:-1]),
    "one length for all rows": with_lengths(lambda lengths: lengths[:1]),
    "a number in place of lengths": with_lengths(lambda lengths: np.asarray(lengths.max())),
}


@check("LEN-1", Cases(layers=(1, 2), regimes=TAME, time=SHORT, padding=PADDED), needs=("sequence", *ROWS))
def test_each_row_takes_its_own_steps(subject: Subject, case: Case) -> None:
    output = subject.run(case)
    if case.network.num_layers == 1:
        expect_steps(subject, case, output)
    else:
        expect_top_steps(subject, case, output)


@check("LEN-2", Cases(layers=(1, 2), regimes=TAME, time=SHORT, padding=PADDED), needs=("final_states", *ROWS))
def test_final_states_are_those_after_the_last_valid_step(subject: Subject, case: Case) -> None:
    expect_final_states(subject, case, subject.run(case))


@check(
    "LEN-3",
    Cases(layers=(1, 2), padding=PADDED, variants=("", "nan")),
    needs=("sequence", "declared_padding", *ROWS),
    share=HALF,
)
def test_padded_outputs_are_as_declared(subject: Subject, case: Case) -> None:
    """After NaN, too, where 0 · NaN would be NaN."""
    case = with_nan(case)
    expect_padding(subject, case, sequence_of(subject, case, subject.run(case)))


@check(
    "LEN-4",
    Cases(layers=(1, 2), regimes=TAME, time=SHORT, padding=PADDED, variants=("nan", "inf", "-inf", "1e30")),
    needs=("sequence", *ROWS),
    share=HALF,
)
def test_padding_is_never_read(subject: Subject, case: Case) -> None:
    expect_same_outputs(subject, "outputs with other padding", poisoned(case), case)


@check(
    "LEN-5",
    Cases(layers=(1, 2), regimes=TAME, time=SHORT, padding=PADDED),
    needs=("sequence", *ROWS),
    share=HALF,
)
def test_rows_need_not_be_sorted_by_length(subject: Subject, case: Case) -> None:
    assert case.steps is not None
    order = np.argsort(case.steps.sum(axis=1), kind="stable")
    expect_same_outputs(subject, "outputs of rows sorted by length", case.reordered(order), case, order)
    if subject.supports.expensive == "nothing":
        many = of_many_rows(case)
        expect_output(subject, many, subject.run(many))
        if is_differentiable(subject, many):
            left_alone(lambda: expect_all(subject, many))()  # refusals have other clauses


def of_many_rows(case: Case) -> Case:
    """The case with its rows over and over, until there are more than a number of eight bits counts."""
    return case.reordered(np.arange(300) % len(case.x))


@check(
    "LEN-6",
    replace(
        ANY,
        padding=("lengths, one of 0", "lengths from 0"),
        poisons=("numbers", "nan", *POISONS),
        variants=("", "lengths without sign"),
    ),
    needs=("final_states", *ROWS),
    share=HALF,
)
def test_a_row_of_no_steps_keeps_its_state(subject: Subject, case: Case) -> None:
    """In a type without sign, what comes before 0 is the largest number; in every derivative, too."""
    if case.variant and case.call.lengths is not None:
        case = case.replace(lengths=case.call.lengths.astype(np.uint8))
    if subject.refusal_of(case) is None:
        expect_everything(subject, case)
        if is_differentiable(subject, taken := with_states(subject, case)):
            subject.load_anew(case.network)
            expect_derivatives(subject, taken)
    else:
        subject.tally.count()


@check(
    "LEN-7",
    replace(POOL, padding=("lengths", "lengths and mask"), variants=tuple(LENGTHS), exact=True),
    needs=("lengths", "batch_axis", "time_axis"),
)
def test_impossible_lengths_are_an_error(subject: Subject, case: Case) -> None:
    expect_refusal(subject, case, LENGTHS)


@check(
    "LEN-8",
    replace(ANY, padding=("lengths of every step",), poisons=("numbers",)),
    needs=("outputs", *ROWS),
    share=HALF,
)
def test_full_lengths_change_nothing(subject: Subject, case: Case) -> None:
    """Of a call without them, or of its options: there is nothing left out. Nor of its derivatives."""
    expect_everything(subject, case)
    expect_a_derivative(subject, case)
