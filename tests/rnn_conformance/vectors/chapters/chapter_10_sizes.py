"""EDG: sizes of zero and one."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

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
)
