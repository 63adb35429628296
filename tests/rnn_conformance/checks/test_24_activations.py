"""ACT: activations that not every framework has."""

from __future__ import annotations

from rnn_conformance.checks.support.expect import expect_output, expect_steps
from rnn_conformance.checks.test_19_gradients import NEEDS as GRADIENTS
from rnn_conformance.checks.test_19_gradients import SHORT, TAME, expect_all
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Draw, check
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import Activation

NEEDS = ("sequence",)
HALF = 0.5


def under(*activations: Activation) -> Draw:
    """Cases of one direction under these activations."""
    return Cases(directions=(1,), activations=activations, scatter=True)


@check("ACT-1", under("sigmoid"), needs=(*NEEDS, "sigmoid"), share=HALF)
def test_sigmoid(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-2", under("linear"), needs=(*NEEDS, "linear"), share=HALF)
def test_linear(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-3", under("softsign"), needs=(*NEEDS, "softsign"), share=HALF)
def test_softsign(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-4", under("softplus"), needs=(*NEEDS, "softplus"), share=HALF)
def test_softplus(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-5", under("elu"), needs=(*NEEDS, "elu"), share=HALF)
def test_elu(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


OTHERS: tuple[Activation, ...] = ("sigmoid", "linear", "softsign", "softplus", "elu")


@check(
    "ACT-6",
    Cases(
        layers=(1, 2), activations=OTHERS, regimes=TAME, time=SHORT, padding=("none", "lengths"), scatter=True
    ),
    needs=(*NEEDS, "sigmoid"),
)
def test_other_activations_in_stacks_both_directions_and_short_rows(subject: Subject, case: Case) -> None:
    expect_output(subject, case, subject.run(case))


@check(
    "ACT-7",
    Cases(layers=(1, 2), activations=OTHERS, regimes=TAME, time=SHORT, initial_states=(True,), scatter=True),
    needs=(*GRADIENTS, "sigmoid"),
)
def test_gradients_through_other_activations(subject: Subject, case: Case) -> None:
    expect_all(subject, case)
