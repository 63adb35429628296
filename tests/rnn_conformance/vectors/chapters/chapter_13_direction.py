"""DIR: layers that go backwards."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

PLANS = (
    Plan(
        clause="DIR-1",
        slug="backwards",
        flags=("goes-backwards",),
        comment="the layer reads its input from the end",
        options={"go_backwards": True},
        hidden=2,
    ),
    Plan(
        clause="DIR-2",
        slug="order",
        flags=("order-of-going-backwards",),
        comment="outputs in processing order",
        options={"go_backwards": True},
        states=True,
        hidden=2,
        batch=1,
        time=4,
    ),
    Plan(
        clause="DIR-3",
        slug="final",
        flags=("final-state-of-going-backwards",),
        comment="the final state is the one after the first input",
        options={"go_backwards": True},
        hidden=3,
        batch=1,
    ),
    Plan(
        clause="DIR-3",
        slug="last",
        flags=("goes-backwards",),
        comment="the last output of a layer that goes backwards",
        options={"go_backwards": True, "return_sequences": False},
        hidden=2,
        count=2,
    ),
    Plan(
        clause="DIR-4",
        slug="mask",
        flags=("mask-of-going-backwards",),
        comment="a mask that is not its own mirror image",
        options={"go_backwards": True},
        mask=("0111", "1001"),
        time=4,
        hidden=2,
    ),
    Plan(
        clause="DIR-4",
        slug="lengths",
        flags=("goes-backwards",),
        comment="lengths of a layer that goes backwards",
        options={"go_backwards": True},
        lengths=(2, 1),
        hidden=2,
        states=True,
    ),
)
