"""TRN: a step of plain gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnn_adapters.surface import Training
from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.recipes import Made, Plan

RATE = 0.125


def trained(*frozen: int) -> Callable[[Made], list[Step]]:
    """One step of training."""

    def steps(made: Made) -> list[Step]:
        d_sequence, _ = made.cotangents(made.call)
        return [Step("train", made.call, training=Training(d_sequence, RATE, 1, frozen))]

    return steps


def _plan(clause: str, slug: str, flag: str, comment: str, **more: Any) -> Plan:
    options: dict[str, Any] = {"hidden": 2, "batch": 1, "time": 2, "steps": trained()} | more
    return Plan(clause=clause, slug=slug, flags=(flag,), comment=comment, **options)


PLANS = (
    _plan("TRN-1", "layer", "trained-weights", "a step of one layer"),
    _plan(
        "TRN-2", "bidirectional", "trained-directions", "a step of both directions of a layer", directions=2
    ),
    _plan("TRN-2", "states", "trained-from-states", "a step that starts from initial states", states=True),
    _plan("TRN-2", "stack", "trained-directions", "a step of a stack", layers=2, directions=2, count=2),
    _plan(
        "TRN-4",
        "upper-frozen",
        "frozen-layers",
        "the upper one of two layers keeps its weights",
        layers=2,
        steps=trained(1),
    ),
    _plan(
        "TRN-4",
        "lower-frozen",
        "frozen-layers",
        "the lower one of two layers keeps its weights",
        layers=2,
        steps=trained(0),
        count=2,
    ),
)
