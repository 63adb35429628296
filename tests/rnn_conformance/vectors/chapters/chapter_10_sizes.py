"""EDG: sizes of zero and one."""

from __future__ import annotations

from dataclasses import replace

from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.recipes import Made, Plan


def no_steps_first(made: Made) -> list[Step]:
    """A stateful call of no steps that is given states, and one that is not."""
    return [Step("call", made.call), Step("call", replace(made.another_call(time=2), initial_states=None))]


def one_after_the_other(made: Made) -> list[Step]:
    """Two stateful calls, of which the first starts from zeros."""
    return [Step("call", made.call), Step("call", made.another_call(time=2))]


PLANS = (
    Plan(
        clause="EDG-1",
        may_refuse=True,
        slug="no-rows",
        flags=("no-rows",),
        comment="a batch of no rows",
        batch=0,
        count=2,
    ),
    Plan(
        clause="EDG-2",
        slug="no-steps",
        may_refuse=True,
        flags=("no-steps",),
        comment="no steps: the final state is the initial one",
        time=0,
        states=True,
    ),
    Plan(
        clause="EDG-2",
        slug="no-steps-both-directions",
        may_refuse=True,
        flags=("no-steps",),
        comment="no steps of a bidirectional layer",
        time=0,
        states=True,
        directions=2,
        count=2,
    ),
    Plan(
        clause="EDG-3",
        slug="ones",
        flags=("axes-of-one",),
        comment="one row, one step, one feature, one unit",
        batch=1,
        time=1,
        inputs=1,
        hidden=1,
    ),
    Plan(
        clause="EDG-3",
        slug="one-row",
        flags=("axes-of-one",),
        comment="one row of three steps",
        batch=1,
        hidden=2,
        count=2,
    ),
    Plan(
        clause="EDG-4",
        slug="no-features",
        may_refuse=True,
        flags=("no-features",),
        comment="input without features: bias and state are left",
        inputs=0,
        states=True,
        hidden=2,
    ),
    Plan(
        clause="EDG-5",
        may_refuse=True,
        slug="no-units",
        flags=("no-units",),
        comment="a layer of no units",
        hidden=0,
        count=2,
    ),
    Plan(
        clause="EDG-4",
        may_refuse=True,
        slug="no-features-of-a-stream",
        flags=("no-features-of-a-stream",),
        comment="the second of two stateful calls without features starts where the first one ended",
        inputs=0,
        hidden=2,
        options={"stateful": True},
        steps=one_after_the_other,
    ),
    Plan(
        clause="EDG-6",
        may_refuse=True,
        slug="no-steps-of-a-stream",
        flags=("no-steps-of-a-stream",),
        comment="a stateful call of no steps is given states, from which the next one starts",
        time=0,
        states=True,
        hidden=2,
        options={"stateful": True},
        steps=no_steps_first,
    ),
)
