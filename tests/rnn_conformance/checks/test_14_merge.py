"""MRG: merge modes."""

from __future__ import annotations

from dataclasses import replace

from rnn_conformance.checks.support.expect import expect_answer, expect_everything, expect_output
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import POOL
from rnn_conformance.engine.subject import Subject
from rnn_reference.network import MergeMode

HALF = 0.5  # these cases are expensive, or have little to draw

MERGED: tuple[MergeMode, ...] = ("sum", "mul", "ave", "none")
DRAWN = replace(
    POOL,
    layers=(1,),
    directions=(2,),
    time=(*POOL.time, 33, 40),
    merge_modes=MERGED,
    stateful=(False,),
)
NEEDS = ("bidirectional", "merges")


@check("MRG-1", DRAWN, needs=("sequence", *NEEDS))
def test_outputs_of_the_same_step_are_merged(subject: Subject, case: Case) -> None:
    case = case.replace(return_sequences=True)
    expect_output(subject, case, subject.run(case))


@check("MRG-2", DRAWN, needs=("last_output", *NEEDS))
def test_the_last_output_merges_the_final_states(subject: Subject, case: Case) -> None:
    case = case.replace(return_sequences=False)
    expect_answer(subject, case, subject.run(case, return_sequences=False))


@check("MRG-3", DRAWN, needs=("final_states", *NEEDS), share=HALF)
def test_final_states_are_not_merged(subject: Subject, case: Case) -> None:
    """Neither beside a sequence nor beside a last output."""
    expect_everything(subject, case)
