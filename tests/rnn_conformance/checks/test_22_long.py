"""LNG: long sequences and wide layers."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis.strategies import SearchStrategy

from rnn_adapters.adapter import Supports
from rnn_conformance.checks.support.expect import expect_steps
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Regime, cases
from rnn_conformance.engine.subject import Subject

RARELY = 0.1  # one case takes as long as hundreds of small ones

CHAOTIC: tuple[Regime, ...] = ("chaotic",)


def long_sequences(ways: Mapping[str, Supports]) -> SearchStrategy[Case]:
    """10 000 steps, or 400 where they are slow. The usual way only."""
    steps = 10_000 if ways[""].expensive == "nothing" else 400
    draw = cases(regimes=CHAOTIC, batch=(2,), time=(steps,), inputs=(2,), hidden=(4,), scatter=True)
    return draw({"": ways[""]})


def wide_layers(ways: Mapping[str, Supports]) -> SearchStrategy[Case]:
    """512 units on 256 features. The usual way only."""
    draw = cases(
        directions=(1,),
        regimes=("moderate",),
        batch=(2,),
        time=(4,),
        inputs=(256,),
        hidden=(512,),
        biases=(1,),
        scatter=True,
    )
    return draw({"": ways[""]})


@check("LNG-1", long_sequences, needs=("sequence",), share=RARELY)
def test_thousands_of_steps_follow_the_recurrence(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("LNG-2", wide_layers, needs=("sequence",), share=RARELY)
def test_hundreds_of_units_follow_the_recurrence(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))
