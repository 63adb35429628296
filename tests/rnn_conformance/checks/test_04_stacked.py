"""STK: stacked layers."""

from __future__ import annotations

from rnn_conformance.checks.support.expect import asked_for, expect_final_states, expect_top_steps
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.numbers import Regime
from rnn_conformance.engine.strategies import EITHER_OUTPUT, Cases
from rnn_conformance.engine.subject import Subject

TAME: tuple[Regime, ...] = ("contractive", "moderate")
SHORT = (1, 2, 3, 4)


@check("STK-1", Cases(layers=(2, 3), regimes=TAME, time=SHORT), needs=("stacked", "sequence"))
def test_each_layer_is_fed_by_the_sequence_below(subject: Subject, case: Case) -> None:
    expect_top_steps(subject, case, subject.run(case))


@check(
    "STK-2",
    Cases(layers=(2, 3), regimes=TAME, time=SHORT, return_sequences=EITHER_OUTPUT),
    needs=("stacked", "final_states"),
)
def test_final_states_are_listed_from_the_bottom_up(subject: Subject, case: Case) -> None:
    """Beside sequences as beside last outputs."""
    for sequences in asked_for(subject, case):
        expect_final_states(subject, case, subject.run(case, return_sequences=sequences))


@check(
    "STK-3", Cases(layers=(3, 4), directions=(1,), regimes=TAME, time=SHORT), needs=("stacked", "sequence")
)
def test_layers_apply_in_the_order_of_the_stack(subject: Subject, case: Case) -> None:
    """Above the first layer all have the same shape: only their order tells them apart."""
    expect_top_steps(subject, case, subject.run(case))


@check("STK-4", Cases(layers=(2, 3), regimes=TAME, time=SHORT), needs=("stacked", "mixed_layers", "sequence"))
def test_layers_may_differ(subject: Subject, case: Case) -> None:
    """The strategy draws layers of different sizes, directions and activations where they are supported."""
    expect_top_steps(subject, case, subject.run(case))
