"""LNG: long sequences and wide layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from hypothesis.strategies import SearchStrategy

from rnn_adapters.declarations import Supports
from rnn_conformance.checks.support.expect import expect_steps
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Cases, Regime
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ActivationName

RARELY = 0.1  # one case takes as long as hundreds of small ones

BOUNDED: tuple[ActivationName, ...] = ("tanh", "sigmoid", "softsign")
"""Others grow beyond every number in so many steps."""
CHAOTIC: tuple[Regime, ...] = ("chaotic",)


@dataclass(frozen=True)
class OnOneRoute:
    """Large cases, which the first route alone takes: the default one, where it can.

    Args:
        cases: what to draw.
        fewer: the same where layers or shapes are expensive.
    """

    cases: Cases
    fewer: Cases

    def __call__(self, routes: Mapping[str, Supports]) -> SearchStrategy[Case]:
        route, supports = next(iter(routes.items()))
        chosen = self.cases if supports.expensive == "nothing" else self.fewer
        return chosen({route: supports})

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What no case can do without, and is unsupported."""
        return self.cases.lacking(supports)


LONG = Cases(
    activations=BOUNDED, regimes=CHAOTIC, batch=(2,), time=(10_000,), inputs=(2,), hidden=(4,), scatter=True
)
WIDE = Cases(
    directions=(1,),
    regimes=("moderate",),
    batch=(2,),
    time=(4,),
    inputs=(256,),
    hidden=(512,),
    biases=(1,),
    scatter=True,
)
LONG_SEQUENCES = OnOneRoute(LONG, replace(LONG, time=(400,)))
WIDE_LAYERS = OnOneRoute(WIDE, WIDE)


@check("LNG-1", LONG_SEQUENCES, needs=("sequence",), share=RARELY)
def test_thousands_of_steps_follow_the_recurrence(subject: Subject, case: Case) -> None:
    """NaN would be as good as NaN; of these activations there is none."""
    sequence = expect_steps(subject, case, subject.run(case))
    subject.require(bool(np.isfinite(sequence).all()), "a state is NaN or infinite")


@check("LNG-2", WIDE_LAYERS, needs=("sequence",), share=RARELY)
def test_hundreds_of_units_follow_the_recurrence(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))
