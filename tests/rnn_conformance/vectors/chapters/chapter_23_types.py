"""DTY: narrow types, and mixed precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.declarations import NarrowType
from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import Cell, Layer, Network


def small(scale: float) -> Any:
    """Input so small that it, or products of outputs, are below the smallest normal number of float16."""

    def change(made: Made) -> None:
        (layer,) = made.network.layers
        made.network = Network(Layer(*(Cell(cell.W_x, cell.W_h) for cell in layer.cells)))
        made.call = replace(made.call, x=made.call.x * scale)

    return change


def of_large_cotangents(made: Made) -> list[Step]:
    """The gradients of cotangents of some hundreds."""
    step = made.differentiated()
    assert step.d_sequence is not None
    return [replace(step, d_sequence=256 * step.d_sequence)]


def of_small_cotangents(made: Made) -> list[Step]:
    """The gradients of cotangents below the smallest normal number of float16."""
    step = made.differentiated()
    assert step.d_sequence is not None
    assert step.d_final_states is not None
    small = tuple(2.0**-15 * d for d in step.d_final_states)
    return [replace(step, d_sequence=2.0**-15 * step.d_sequence, d_final_states=small)]


def positive(made: Made) -> None:
    """Terms of one sign, without bias."""
    cell = made.cell
    W_x, W_h = np.abs(cell.W_x), np.abs(cell.W_h)
    made.network = Network(Layer(Cell(W_x, W_h, activation=cell.activation)))
    states = made.call.initial_states
    made.call = replace(
        made.call,
        x=np.abs(made.call.x),
        initial_states=None if states is None else tuple(map(np.abs, states)),
    )


def cancelling(made: Made) -> None:
    """Of each weight what it rounds to is taken away, and a little is left."""
    narrow = made.plan.options["compute_dtype"]
    W_x = np.abs(made.cell.W_x)
    W_x[:, 1], W_x[:, 2] = W_x[:, 0].astype(narrow).astype(np.float64), 0.5
    made.network = Network(Layer(Cell(W_x, 0 * made.cell.W_h, activation="relu")))
    made.call = replace(made.call, x=np.array([[[1.0, -1.0, 2.0**-5]]]))


def lost_one_by_one(made: Made) -> None:
    """One large weight leads to the first unit, and small ones: sixteen are less than half its last bit."""
    first, small = 64.0, (104 + int(made.array((1,), 8)[0])) / 2**16
    W_h = np.zeros_like(made.cell.W_h)
    W_h[0, 0], W_h[0, 16:] = first, small
    made.network = Network(Layer(Cell(0 * made.cell.W_x, W_h, activation="relu")))
    made.call = replace(made.call, initial_states=(np.ones((1, 1, len(W_h))),))


def lost_part_by_part(made: Made) -> None:
    """The first 256 products add up to 2048, and 256 others at a time to less than half its last bit."""
    less = 1 - int(made.array((1,), 4)[0]) % 4 / 16
    W_x = np.repeat([8.0, *[less / 256] * 5], 256)[None]
    made.network = Network(Layer(Cell(W_x, 0 * made.cell.W_h, activation="relu")))
    made.call = replace(made.call, x=np.ones_like(made.call.x))


def cancelling_states(made: Made) -> None:
    """The same of two states that lead to the first unit."""
    narrow = made.plan.options["compute_dtype"]
    W_h = np.zeros_like(made.cell.W_h)
    W_h[0] = 1.0, -1.0, 2.0**-5
    made.network = Network(Layer(Cell(0 * made.cell.W_x, W_h, activation="relu")))
    last_bit = 2.0 ** (-10 if narrow == "float16" else -7)
    near_one = 1 + last_bit * (12 + int(made.array((1,), 2)[0])) / 32  # rounded, it is 1
    made.call = replace(made.call, initial_states=(np.array([[[near_one, 1.0, 0.5]]]),))


def rounded_up_backward(made: Made) -> None:
    """Recurrent weights of the backward cell that cancel if they are rounded, and not if they are cut off."""
    narrow = made.plan.options["compute_dtype"]
    last_bit = 2.0 ** (-10 if narrow == "float16" else -7)
    below = last_bit * (2 + int(made.array((1,), 2)[0])) / 16  # less than half of the last bit away
    W_h = np.zeros_like(made.cell.W_h)
    W_h[0] = 1 + last_bit - below, -1 - last_bit, 2.0**-5
    forward = Cell(0 * made.cell.W_x, 0 * W_h, activation="relu")
    made.network = Network(Layer(forward, Cell(0 * made.cell.W_x, W_h, activation="relu")))
    states = np.array([[[0.0, 0.0, 0.0]], [[1.0, 1.0, 0.5]]])
    made.call = replace(made.call, initial_states=(states,))


def lost_beside_the_first(made: Made) -> None:
    """One large term, and many that are less than half of its last bit."""
    bits = 10 if made.plan.dtype == "float16" else 7
    W_x = np.full_like(made.cell.W_x, (112 + int(made.array((1,), 8)[0])) * 2.0 ** (6 - bits - 8))
    W_x[:, 0] = 64.0
    made.network = Network(Layer(Cell(W_x, 0 * made.cell.W_h, activation="relu")))
    made.call = replace(made.call, x=np.ones_like(made.call.x))


def large(made: Made) -> None:
    """Sums beyond what float16 holds, or what eight times them would be."""
    narrow = made.plan.dtype == "float16"
    cell = made.cell
    W_x = np.abs(cell.W_x) * (2.0**7 if narrow else 2.0**20)
    made.network = Network(Layer(Cell(W_x, 0 * cell.W_h, activation="relu")))
    made.call = replace(made.call, x=np.abs(made.call.x) * 128)


def _plans() -> Iterator[Plan]:
    for dtype in ("float16", "bfloat16"):
        only: dict[str, Any] = {"dtype": dtype, "types": (dtype,), "batch": 1}
        yield Plan(
            clause="DTY-1",
            slug=f"{dtype}",
            flags=("narrow-type-returned",),
            comment=f"outputs of {dtype} have this type",
            hidden=2,
            time=2,
            count=2,
            **only,
        )
        yield Plan(
            clause="DTY-2",
            slug=f"{dtype}-relu",
            flags=("other-narrow-type",) if dtype == "float16" else ("narrow-type-returned",),
            comment="relu, with as few roundings as there can be",
            activation="relu",
            change=positive,
            hidden=2,
            time=1,
            **only,
        )
        yield Plan(
            clause="DTY-3",
            slug=f"{dtype}-sums",
            flags=("narrow-sums",),
            comment="sums of 64 products, all but one of them small, which a narrow type would lose",
            inputs=64,
            hidden=1,
            time=1,
            biases=0,
            change=lost_beside_the_first,
            **only,
        )
        yield Plan(
            clause="DTY-5",
            slug=f"{dtype}-bidirectional",
            flags=("narrow-backward",),
            comment=f"both directions of a layer of {dtype}",
            directions=2,
            hidden=2,
            **only,
        )
        yield Plan(
            clause="DTY-9",
            slug=f"{dtype}-large",
            flags=("large-narrow-numbers",),
            comment=f"sums that {dtype} holds, and another type or eight times as much would not",
            change=large,
            hidden=2,
            time=1,
            biases=0,
            **only,
        )
        yield Plan(
            clause="DTY-13",
            slug=f"{dtype}-gradients",
            flags=("narrow-gradients",),
            comment=f"gradients of {dtype}",
            hidden=2,
            time=2,
            gradients=True,
            states=True,
            **only,
        )
    half: dict[str, Any] = {"dtype": "float16", "types": ("float16",), "batch": 1}
    yield Plan(
        clause="DTY-13",
        slug="float16-large-gradients",
        flags=("large-narrow-gradients",),
        comment="gradients that float16 holds, and a thousand times as much it would not",
        steps=of_large_cotangents,
        hidden=2,
        time=2,
        states=True,
        count=2,
        **half,
    )
    yield Plan(
        clause="DTY-13",
        slug="float16-small-gradients",
        flags=("small-narrow-gradients",),
        comment="gradients of float16 that have fewer bits than others, and are not zero",
        steps=of_small_cotangents,
        hidden=2,
        time=2,
        states=True,
        count=2,
        evidence=0,
        **half,
    )
    for number, scale in enumerate((2.0**-15, 2.0**-16), 1):
        yield Plan(
            clause="DTY-4",
            slug=f"small-{number}",
            flags=("small-float16",),
            comment="numbers of float16 that have fewer bits than others, and are not zero",
            change=small(scale),
            biases=0,
            hidden=2,
            time=1,
            gain=2,
            count=2,
            evidence=0,
            **half,
        )
    yield Plan(
        clause="DTY-4",
        slug="small-products",
        flags=("small-float16-products",),
        comment="products of two directions that have fewer bits than others, and are not zero",
        change=small(2.0**-8),
        directions=2,
        biases=0,
        hidden=2,
        time=1,
        options={"merge_mode": "mul"},
        count=2,
        evidence=0,
        **half,
    )
    yield Plan(
        clause="DTY-10",
        slug="small-outputs",
        flags=("small-float16",),
        comment="outputs of float16 that have fewer bits than others, and are not zero",
        activation="relu",
        change=small(2.0**-15),
        biases=0,
        hidden=2,
        time=1,
        gain=0.5,
        evidence=0,
        **half,
    )
    yield Plan(
        clause="DTY-8",
        slug="products-of-states",
        flags=("narrow-sums-of-states",),
        comment="sums of products with states, all but one of them small, which float16 would lose",
        hidden=96,
        inputs=1,
        time=1,
        states=True,
        biases=0,
        change=lost_one_by_one,
        options={"return_sequences": False},
        **half,
    )
    yield Plan(
        clause="DTY-8",
        slug="partial-sums",
        flags=("narrow-partial-sums",),
        comment="a sum of 256 products, and five such sums that float16 would lose beside it",
        hidden=1,
        inputs=1536,
        time=1,
        biases=0,
        change=lost_part_by_part,
        options={"return_sequences": False},
        **half,
    )
    yield Plan(
        clause="DTY-11",
        slug="final",
        flags=("narrow-final-states",),
        comment="final states of float16 with all of its digits",
        activation="relu",
        change=positive,
        hidden=3,
        time=1,
        **half,
    )
    narrow: NarrowType
    for narrow in ("float16", "bfloat16"):
        mixed: dict[str, Any] = {
            "grain": "fine",
            "types": ("float32",),
            "batch": 1,
            "options": {"compute_dtype": narrow},
        }
        yield Plan(
            clause="DTY-6",
            slug=f"mixed-{narrow}",
            flags=("mixed-returned",),
            comment=f"weights of float32, computed in {narrow}",
            hidden=3,
            time=1,
            activation="relu",
            change=positive,
            **mixed,
        )
        yield Plan(
            clause="DTY-6",
            slug=f"mixed-differences-{narrow}",
            flags=("mixed-weights",),
            comment="two weights that are equal once they are rounded, and cancel",
            inputs=3,
            hidden=3,
            time=1,
            activation="relu",
            change=cancelling,
            **mixed,
        )
        yield Plan(
            clause="DTY-7",
            slug=f"mixed-states-{narrow}",
            flags=("mixed-returned",),
            comment=f"outputs and final states are of {narrow}",
            hidden=2,
            time=2,
            **mixed,
        )
        cancelling_products: dict[str, Any] = {
            "clause": "DTY-12",
            "flags": ("mixed-states",),
            "hidden": 3,
            "inputs": 1,
            "time": 1,
            "states": True,
            "activation": "relu",
            **mixed,
        }
        yield Plan(
            slug=f"mixed-initial-{narrow}",
            comment=f"initial states of float32, rounded to {narrow}",
            change=cancelling_states,
            **cancelling_products,
        )
        yield Plan(
            slug=f"mixed-backward-{narrow}",
            comment=f"recurrent weights of the backward direction, rounded up to {narrow}",
            directions=2,
            change=rounded_up_backward,
            **cancelling_products,
        )
        yield Plan(
            clause="DTY-14",
            slug=f"mixed-gradients-{narrow}",
            flags=("mixed-gradients",),
            comment=f"gradients of what {narrow} computed, in float32",
            hidden=2,
            time=1,
            states=True,
            gradients=True,
            **mixed,
        )


PLANS = tuple(_plans())
