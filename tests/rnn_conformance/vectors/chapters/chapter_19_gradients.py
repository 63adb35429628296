"""GRD: gradients, the JVP, and gradients of gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rnn_conformance.vectors.chapters.chapter_11_lengths import padded_with
from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import Cell, Layer, Network

FLOAT64: dict[str, Any] = {"grain": "double", "dtype": "float64", "types": ("float64",)}


def gradients(made: Made) -> list[Step]:
    """The gradients of the call."""
    return [made.differentiated()]


def tangents(made: Made) -> list[Step]:
    """The JVP of the call."""
    call = made.given(made.call)
    return [Step("tangents", call, direction=made.direction(call))]


def second_gradients(made: Made) -> list[Step]:
    """The gradients of gradients of the call."""
    call = made.given(made.call)
    given = made.cotangents(call)
    return [Step("second_gradients", call, *given, direction=made.direction(call), claim=made.plan.claim)]


def at_the_kink(made: Made) -> None:
    """Whole numbers, and relu of exactly zero in the first unit."""
    cell = made.cell
    W_x, W_h = cell.W_x.copy(), cell.W_h.copy()
    W_x[0], W_h[0] = 0, 0
    made.network = Network(Layer(Cell(W_x, W_h, activation="relu")))


def _plan(clause: str, slug: str, flag: str, comment: str, **more: Any) -> Plan:
    options: dict[str, Any] = {"hidden": 2, "states": True, "steps": gradients} | more
    return Plan(clause=clause, slug=slug, flags=(flag,), comment=comment, **options)


def _plans() -> Iterator[Plan]:
    yield _plan("GRD-1", "input", "slope", "gradients of one layer of tanh", batch=1, time=2)
    yield _plan(
        "GRD-1", "relu", "slope", "gradients through relu, on both sides of it", activation="relu", batch=1
    )
    yield _plan("GRD-2", "states", "gradient-of-initial-state", "gradients of initial states", time=2)
    yield _plan(
        "GRD-3",
        "time",
        "gradient-through-time",
        "four steps, through all of which gradients go",
        time=4,
        batch=1,
    )
    yield _plan(
        "GRD-4", "recurrent", "gradient-of-recurrent-weights", "the gradient of W_h is far from its transpose"
    )
    yield _plan(
        "GRD-5", "biases", "gradient-of-biases", "two biases, both with the gradient of one", biases=2
    )
    yield _plan(
        "GRD-6",
        "between",
        "layer-between-others",
        "gradients of three layers of the same size",
        layers=3,
        batch=1,
        time=2,
    )
    yield _plan(
        "GRD-7",
        "rows",
        "rows-beyond-a-block",
        "gradients of eighteen rows, of which the first is shorter",
        lengths=(1,),
        batch=18,
        time=2,
    )
    yield _plan(
        "GRD-6", "bidirectional", "gradient-of-backward", "both directions of a layer", directions=2, batch=1
    )
    yield _plan(
        "GRD-6",
        "deep",
        "gradient-of-backward",
        "two bidirectional layers",
        layers=2,
        directions=2,
        batch=1,
        time=2,
        count=2,
    )
    for slug, padding in (("lengths", {"lengths": (2, 1)}), ("mask", {"mask": ("101", "010")})):
        yield _plan("GRD-7", slug, "gradient-at-masked-steps", f"gradients with {slug}", **padding)
    yield _plan(
        "GRD-8", "rows", "gradient-of-other-rows", "rows that have nothing to do with each other", batch=3
    )
    yield _plan(
        "GRD-9",
        "unrolled",
        "unrolled-gradient",
        "four steps, through all of which gradients go",
        time=4,
        batch=1,
    )
    yield _plan("GRD-10", "tangents", "tangents", "the JVP of one layer", steps=tangents, batch=1)
    yield _plan(
        "GRD-10",
        "tangents-deep",
        "tangents",
        "the JVP of two layers, of which the first is bidirectional",
        layers=2,
        directions=(2, 1),
        steps=tangents,
        batch=1,
        time=2,
        count=2,
    )
    yield _plan(
        "GRD-16",
        "second",
        "gradient-of-gradients",
        "gradients of gradients of one layer",
        steps=second_gradients,
        batch=1,
        time=2,
        count=1,
    )
    yield _plan(
        "GRD-12",
        "kink",
        "slope-at-zero",
        "relu of exactly zero, whose derivative is taken as 0",
        grain="integer",
        claim="exact",
        change=at_the_kink,
        time=2,
        batch=1,
        biases=0,
    )
    yield _plan(
        "GRD-20",
        "far",
        "gradient-across-blocks",
        "eighteen steps, through all of which gradients go",
        time=18,
        batch=1,
        inputs=1,
        dtype="float64",
        types=("float64", "float32"),
    )
    yield _plan(
        "GRD-13",
        "kink-again",
        "slope-at-zero-again",
        "relu of exactly zero, where a gradient is differentiated",
        grain="integer",
        claim="exact",
        change=at_the_kink,
        steps=second_gradients,
        time=2,
        batch=1,
        biases=0,
    )
    for clause, slug, flag, steps in (
        ("GRD-14", "double", "gradient-in-float32", gradients),
        ("GRD-15", "tangents-double", "tangents-in-float32", tangents),
        ("GRD-17", "second-double", "gradient-of-gradients-in-float32", second_gradients),
    ):
        yield _plan(
            clause,
            slug,
            flag,
            "numbers with all the digits of float64",
            steps=steps,
            batch=1,
            time=2,
            **FLOAT64,
        )
    for activation in ("tanh", "sigmoid", "softplus"):
        yield _plan(
            "GRD-16",
            f"second-{activation}",
            "bend",
            f"gradients of gradients through {activation}",
            activation=activation,
            steps=second_gradients,
            batch=1,
            time=2,
            count=2,
        )
    yield _plan(
        "GRD-18",
        "backwards",
        "gradient-of-going-backwards",
        "gradients of a layer that goes backwards",
        options={"go_backwards": True},
        batch=1,
    )
    for mode in ("sum", "mul", "ave"):
        yield _plan(
            "GRD-18",
            f"merged-{mode}",
            "gradient-of-merged" if mode == "ave" else "gradient-of-backward",
            f"gradients of two directions by the merge mode {mode!r}",
            directions=2,
            options={"merge_mode": mode},
            batch=1,
            time=2,
            count=2,
        )
    for clause, slug, what, steps in (
        ("GRD-10", "tangents", "the JVP", tangents),
        ("GRD-16", "second", "gradients of gradients", second_gradients),
    ):
        yield _plan(
            clause,
            f"{slug}-backwards",
            f"{slug}-of-going-backwards",
            f"{what} of a layer that goes backwards",
            options={"go_backwards": True},
            steps=steps,
            batch=1,
            count=2,
        )
        yield _plan(
            clause,
            f"{slug}-mul",
            f"{slug}-of-a-product",
            f"{what} of two directions whose outputs are multiplied",
            directions=2,
            options={"merge_mode": "mul"},
            steps=steps,
            batch=1,
            time=2,
            count=2,
        )
    yield _plan(
        "GRD-20",
        "masked",
        "gradient-across-blocks",
        "eighteen steps, of which the sixteenth is masked",
        time=18,
        mask=("1" * 15 + "011",),
        batch=1,
        inputs=1,
        dtype="float64",
        types=("float64", "float32"),
        count=2,
    )
    for slug, value in (("nan", np.nan), ("infinity", np.inf)):
        yield _plan(
            "GRD-19",
            slug,
            "gradient-of-masked-nan",
            f"{'NaN' if slug == 'nan' else slug} at masked time steps",
            lengths=(1, 2),
            change=padded_with(value),
        )
        yield _plan(
            "GRD-21",
            slug,
            "second-gradient-of-masked-nan",
            f"gradients of gradients beside {'NaN' if slug == 'nan' else slug} at masked time steps",
            lengths=(1, 2),
            time=2,
            steps=second_gradients,
            change=padded_with(value),
            count=2 if slug == "nan" else 1,
        )


PLANS = tuple(_plans())
