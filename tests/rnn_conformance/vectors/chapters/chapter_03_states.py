"""INI: initial and final states."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

PLANS = (
    Plan(
        clause="INI-1",
        slug="none",
        flags=("default-state",),
        comment="no initial state is given",
        batch=1,
        time=2,
        count=2,
    ),
    Plan(
        clause="INI-2",
        slug="given",
        flags=("initial-state",),
        comment="an initial state is given",
        states=True,
        time=2,
    ),
    Plan(
        clause="INI-3",
        slug="of-each-layer",
        flags=("initial-state-of-layer",),
        comment="each of two equal layers has an initial state of its own",
        layers=2,
        states=True,
        time=2,
    ),
    Plan(
        clause="INI-4",
        slug="shape",
        flags=("final-state-shape",),
        comment="final states of two directions and three rows",
        directions=2,
        batch=3,
        time=2,
        hidden=2,
        count=2,
    ),
    Plan(
        clause="INI-5",
        slug="last-step",
        flags=("final-state",),
        comment="the final state is the state after the last step",
        batch=1,
        count=2,
    ),
    Plan(
        clause="INI-6",
        slug="of-each-layer",
        flags=("final-state-of-layer",),
        comment="each of two equal layers has a final state of its own",
        layers=2,
        states=True,
    ),
)
