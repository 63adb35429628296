"""STA: state across calls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.recipes import Made, Plan

STATEFUL = {"stateful": True}


def calls(made: Made) -> list[Step]:
    """Two calls, one after the other."""
    return [Step("call", made.call), Step("call", made.another_call())]


def three(made: Made) -> list[Step]:
    """Three calls, one after the other."""
    return [*calls(made), Step("call", made.another_call())]


def with_reset(made: Made) -> list[Step]:
    """A reset between two calls, and another before a third."""
    first, *others = three(made)
    return [first, *(step for other in others for step in (Step("reset"), other))]


def given(made: Made) -> list[Step]:
    """Two stateful calls, of which the second is given states."""
    second = made.another_call()
    second = replace(second, initial_states=made.states(len(second.x)))
    return [Step("call", made.call), Step("call", second)]


def given_zeros(made: Made) -> list[Step]:
    """Two stateful calls, of which the second is given states of zeros."""
    first, second = given(made)
    assert second.call is not None
    assert second.call.initial_states is not None
    zeros = tuple(map(np.zeros_like, second.call.initial_states))
    return [first, Step("call", replace(second.call, initial_states=zeros))]


def given_and_reset(made: Made) -> list[Step]:
    """A stateful call that is given states, a reset, and a call that is not."""
    first = replace(made.call, initial_states=made.states(len(made.call.x)))
    return [Step("call", first), Step("reset"), Step("call", made.another_call())]


PLANS = (
    Plan(
        clause="STA-1",
        slug="calls",
        flags=("state-left-over",),
        comment="two calls that are not stateful: both start from zeros",
        hidden=2,
        batch=1,
        steps=calls,
    ),
    Plan(
        clause="STA-2",
        slug="single",
        flags=("single-step",),
        comment="a sequence of one step",
        time=1,
        states=True,
        hidden=2,
    ),
    Plan(
        clause="STA-3",
        slug="kept",
        flags=("kept-state",),
        comment="the second of two stateful calls goes on where the first one ended",
        options=STATEFUL,
        hidden=2,
        time=2,
        steps=calls,
    ),
    Plan(
        clause="STA-3",
        slug="layers",
        flags=("kept-state-of-each",),
        comment="every layer keeps a state of its own",
        layers=2,
        options=STATEFUL,
        hidden=2,
        time=2,
        batch=1,
        steps=calls,
    ),
    Plan(
        clause="STA-3",
        slug="directions",
        flags=("kept-state-of-each",),
        comment="both directions keep a state of their own",
        directions=2,
        options=STATEFUL,
        hidden=2,
        time=2,
        batch=1,
        steps=calls,
    ),
    Plan(
        clause="STA-3",
        slug="double",
        flags=("kept-in-float32",),
        comment="states that are kept have all the digits of float64",
        options=STATEFUL,
        grain="double",
        dtype="float64",
        types=("float64",),
        hidden=2,
        time=2,
        batch=1,
        steps=calls,
    ),
    Plan(
        clause="STA-4",
        slug="reset",
        flags=("reset",),
        comment="after each of two resets a stateful call starts from zeros",
        options=STATEFUL,
        hidden=2,
        time=2,
        batch=1,
        steps=with_reset,
    ),
    Plan(
        clause="STA-4",
        slug="given",
        flags=("reset",),
        comment="after a reset a stateful call starts from zeros, whatever states were given before",
        options=STATEFUL,
        hidden=2,
        time=2,
        batch=1,
        count=2,
        steps=given_and_reset,
    ),
    Plan(
        clause="STA-5",
        slug="given",
        flags=("given-over-kept",),
        comment="a stateful call that is given states starts from those",
        options=STATEFUL,
        hidden=2,
        time=2,
        steps=given,
    ),
    Plan(
        clause="STA-5",
        slug="zeros",
        flags=("given-over-kept",),
        comment="states of zeros are given states, too",
        options=STATEFUL,
        hidden=2,
        time=2,
        count=2,
        steps=given_zeros,
    ),
    Plan(
        clause="STA-6",
        slug="order",
        flags=("order-of-states",),
        comment="final states of a bidirectional layer can be given to it again",
        directions=2,
        hidden=2,
        states=True,
        time=2,
    ),
    Plan(
        clause="STA-8",
        slug="layers",
        flags=("more-than-ten-stateful-layers",),
        comment="eleven stateful layers of the same sizes, called twice",
        options=STATEFUL,
        layers=11,
        hidden=2,
        batch=1,
        time=1,
        steps=calls,
    ),
)
