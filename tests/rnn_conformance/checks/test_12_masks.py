"""MSK: masks of any pattern."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np

from rnn_adapters.surface import MaskType
from rnn_conformance.checks.support.asking import expect_a_derivative
from rnn_conformance.checks.support.expect import (
    expect_answer,
    expect_everything,
    expect_final_states,
    expect_padding,
    expect_same_outputs,
    of_numbers,
    poisoned,
    sequence_of,
    with_nan,
)
from rnn_conformance.checks.support.mistakes import Mistake, expect_refusal, with_mask
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import EITHER_OUTPUT, POOL, Cases, Padding
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import Array

HALF = 0.5  # these cases are expensive, or have little to draw

TAME: tuple[Regime, ...] = ("contractive", "moderate")
MASKED: tuple[Padding, ...] = ("mask",)
SHORT = (1, 2, 3, 4, 5, 9)
NUMBERS = get_args(MaskType)


def of_other_axes(mask: Array) -> Array:
    """As many numbers in other axes: the steps first, or each in a row of its own if that changes nothing."""
    turned = mask.swapaxes(0, -1)
    return turned if turned.shape != mask.shape else mask.reshape(-1, 1)


MASKS: dict[str, Mistake] = {
    "a step too few": with_mask(lambda mask: mask[:, :-1]),
    "a step too many": with_mask(lambda mask: np.concatenate([mask, mask[:, :1]], axis=1)),
    "a row too few": with_mask(lambda mask: mask[:-1]),
    "a row too many": with_mask(lambda mask: np.concatenate([mask, mask[:1]])),
    "one row for all": with_mask(lambda mask: mask[:1]),
    "one row for all, without a batch axis": with_mask(lambda mask: mask[0]),
    "rows and steps exchanged": with_mask(lambda mask: of_other_axes(mask)),
}


ANY = replace(POOL, layers=(1, 1, 1, 2), directions=(1, 2))
"""Layers of which many go backwards or merge their directions."""

PATTERNS: tuple[Padding, ...] = (
    "mask",
    "mask",
    "mask of every step but the first",
    "mask of every step but the last",
    "mask of no step but at both ends",
    "mask of one row",
)
"""Masks for which kernels have ways of their own, and any other."""
NO_STEP: tuple[Padding, ...] = ("mask of no step", "mask of no step in any row")


@check(
    "MSK-1",
    replace(
        ANY,
        time=(*POOL.time, 33, 40),
        padding=PATTERNS,
    ),
    needs=("outputs", "masks"),
)
def test_masked_steps_leave_the_state(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check(
    "MSK-2", Cases(layers=(1, 2), regimes=TAME, time=SHORT, padding=MASKED), needs=("final_states", "masks")
)
def test_final_states_are_those_after_the_last_step_taken(subject: Subject, case: Case) -> None:
    expect_final_states(subject, case, subject.run(case))


@check(
    "MSK-3",
    Cases(layers=(1, 2), padding=MASKED, variants=("", "nan")),
    needs=("sequence", "declared_padding", "masks"),
    share=HALF,
)
def test_masked_outputs_are_as_declared(subject: Subject, case: Case) -> None:
    """After NaN, too, where 0 · NaN would be NaN."""
    case = with_nan(case)
    expect_padding(subject, case, sequence_of(subject, case, subject.run(case)))


@check(
    "MSK-4",
    Cases(layers=(1, 2), regimes=TAME, time=SHORT, padding=MASKED, variants=("nan", "inf", "-inf", "1e30")),
    needs=("sequence", "masks"),
    share=HALF,
)
def test_masked_input_is_never_read(subject: Subject, case: Case) -> None:
    expect_same_outputs(subject, "outputs with other input at masked time steps", poisoned(case), case)


ROW_MASKED = replace(
    ANY,
    padding=NO_STEP,
    initial_states=(True, True, False),
)


@check("MSK-5", ROW_MASKED, needs=("final_states", "masks", "initial_states"), share=HALF)
def test_a_masked_row_keeps_its_state(subject: Subject, case: Case) -> None:
    """Of one row, or of all."""
    expect_everything(subject, case)


@check(
    "MSK-6",
    replace(
        POOL,
        padding=("mask", "lengths and mask"),
        batch=(2, 3, 4),
        time=(2, 3, 4),
        variants=tuple(MASKS),
        exact=True,
    ),
    needs=("masks",),
)
def test_a_mask_of_the_wrong_shape_is_an_error(subject: Subject, case: Case) -> None:
    """Of booleans, and of numbers."""
    expect_refusal(subject, case, MASKS)
    for dtype in subject.supports.mask_dtypes[:: len(NUMBERS) - 1]:
        expect_refusal(subject, of_numbers(case, dtype), MASKS)


@check(
    "MSK-7", replace(ROW_MASKED, return_sequences=(False,)), needs=("last_output", "masks", "initial_states")
)
def test_a_masked_row_gives_its_state(subject: Subject, case: Case) -> None:
    case = case.replace(return_sequences=False)
    expect_answer(subject, case, subject.run(case, return_sequences=False))


@check(
    "MSK-8",
    Cases(
        layers=(1, 2), regimes=TAME, time=SHORT, padding=("lengths and mask",), return_sequences=EITHER_OUTPUT
    ),
    needs=("outputs", "lengths_and_masks"),
)
def test_of_lengths_and_a_mask_both_count(subject: Subject, case: Case) -> None:
    expect_everything(subject, case)


@check(
    "MSK-9",
    replace(ANY, padding=("mask of every step",), poisons=("numbers",)),
    needs=("outputs", "masks"),
)
def test_a_mask_of_every_step_changes_nothing(subject: Subject, case: Case) -> None:
    """Of a call without one, or of its options: there is nothing left out. Nor of its derivatives."""
    expect_everything(subject, case)
    expect_a_derivative(subject, case)
