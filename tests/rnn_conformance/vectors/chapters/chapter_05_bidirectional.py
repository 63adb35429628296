"""BID: bidirectional layers."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

LAST = {"return_sequences": False}

PLANS = (
    Plan(
        clause="BID-1",
        slug="alignment",
        flags=("backward-alignment",),
        comment="backward outputs stand at the time of their input",
        directions=2,
        hidden=2,
        time=4,
        batch=1,
    ),
    Plan(
        clause="BID-2",
        slug="side-by-side",
        flags=("joined-directions",),
        comment="forward features first, then backward ones",
        directions=2,
        hidden=2,
    ),
    Plan(
        clause="BID-3",
        slug="own-weights",
        flags=("backward-weights",),
        comment="each direction has weights of its own and starts from zeros",
        directions=2,
        hidden=2,
    ),
    Plan(
        clause="BID-4",
        slug="final",
        flags=("backward-final-state",),
        comment="the backward final state is the one after the first input",
        directions=2,
        hidden=3,
        batch=1,
    ),
    Plan(
        clause="BID-5",
        slug="last",
        flags=("backward-last-output",),
        comment="the last output joins the final states of both directions",
        directions=2,
        hidden=2,
        options=LAST,
    ),
    Plan(
        clause="BID-6",
        slug="states",
        flags=("initial-state-of-direction",),
        comment="each direction has an initial state of its own",
        directions=2,
        hidden=2,
        states=True,
        time=2,
    ),
    Plan(
        clause="BID-7",
        slug="activations",
        flags=("options-of-direction",),
        comment="the directions have different activations",
        directions=2,
        hidden=2,
        activation=("tanh", "relu"),
    ),
    Plan(
        clause="BID-7",
        slug="biases",
        flags=("options-of-direction",),
        comment="the backward direction alone has a bias",
        directions=2,
        hidden=2,
        biases=(0, 1),
    ),
    Plan(
        clause="BID-1",
        slug="deep",
        flags=("backward-alignment", "upper-layer-input"),
        comment="two bidirectional layers",
        layers=2,
        directions=2,
        hidden=2,
        batch=1,
    ),
)
