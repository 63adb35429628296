"""MRG: merge modes."""

from __future__ import annotations

from rnn_conformance.checks.support.expect import expect_final_states, final_states_of
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.meaning import merged
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import LAST_AXES, Subject
from rnn_reference.network import MergeMode

HALF = 0.5  # these cases are expensive, or have little to draw

MERGED: tuple[MergeMode, ...] = ("sum", "mul", "ave", "none")
TAME: tuple[Regime, ...] = ("contractive", "moderate")
DRAWN = Cases(directions=(2,), regimes=TAME, time=(1, 2, 3, 4, 5), merge_modes=MERGED)
NEEDS = ("bidirectional", "merges")


@check("MRG-1", DRAWN, needs=("sequence", *NEEDS))
def test_outputs_of_the_same_step_are_merged(subject: Subject, case: Case) -> None:
    expected = subject.bounds_of(case).sequence
    subject.agree(
        f"sequence output, merged by {case.call.merge_mode}",
        subject.run(case).sequence,
        merged(case, expected),
        case.network.dtype,
    )


@check("MRG-2", DRAWN, needs=("last_output", *NEEDS))
def test_the_last_output_merges_the_final_states(subject: Subject, case: Case) -> None:
    expected = subject.bounds_of(case).last
    subject.agree(
        f"last output, merged by {case.call.merge_mode}",
        subject.run(case, return_sequences=False).last,
        merged(case, expected),
        case.network.dtype,
        LAST_AXES,
    )


@check("MRG-3", DRAWN, needs=("final_states", *NEEDS), share=HALF)
def test_final_states_are_not_merged(subject: Subject, case: Case) -> None:
    output = subject.run(case)
    final_states_of(subject, case, output)
    expect_final_states(subject, case, output)
