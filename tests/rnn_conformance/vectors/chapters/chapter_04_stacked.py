"""STK: stacked layers."""

from __future__ import annotations

from rnn_conformance.vectors.recipes import Plan

PLANS = (
    Plan(
        clause="STK-1",
        slug="fed",
        flags=("upper-layer-input",),
        comment="a layer above a bidirectional one reads both of its directions",
        layers=2,
        directions=(2, 1),
        hidden=2,
    ),
    Plan(
        clause="STK-1",
        slug="every-step",
        flags=("upper-layer-input",),
        comment="the upper layer reads the lower one's output of every step",
        layers=2,
        hidden=2,
    ),
    Plan(
        clause="STK-2",
        slug="states",
        flags=("order-of-layers",),
        comment="final states of layers of different sizes, bottom first",
        layers=3,
        hidden=(2, 3, 1),
        batch=1,
        count=2,
    ),
    Plan(
        clause="STK-2",
        slug="last",
        flags=("final-state-of-layer",),
        comment="final states of three equal layers beside a last output",
        layers=3,
        hidden=2,
        batch=1,
        options={"return_sequences": False},
        count=2,
    ),
    Plan(
        clause="STK-2",
        slug="equal",
        flags=("order-of-layers",),
        comment="final states of equal layers, bottom first",
        layers=2,
        hidden=2,
        batch=1,
    ),
    Plan(
        clause="STK-3",
        slug="order",
        flags=("order-of-layers",),
        comment="three layers of which two could be exchanged",
        layers=3,
        hidden=2,
        inputs=2,
        batch=1,
    ),
    Plan(
        clause="STK-4",
        slug="activations",
        flags=("activation-of-layer",),
        comment="each layer has an activation of its own",
        layers=2,
        activation=("tanh", "relu"),
        hidden=2,
    ),
    Plan(
        clause="STK-4",
        slug="others",
        flags=("activation-of-layer",),
        comment="each layer has an activation of its own",
        layers=3,
        activation=("relu", "sigmoid", "tanh"),
        hidden=2,
        batch=1,
    ),
)
