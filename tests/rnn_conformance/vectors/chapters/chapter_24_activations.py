"""ACT: activations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from rnn_conformance.vectors.chapters.chapter_08_numerics import POINTS, at
from rnn_conformance.vectors.recipes import Made, Plan
from rnn_reference.network import Array

AT = np.array([-6.0, -3.5, -2.5, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 2.5, 3.5, 6.0])
FAR = np.array([8.5, 9.5, 20.0, 50.0, 100.0, -50.0, -100.0])
"""Points at which φ is nearly constant, or its exponentials overflow."""

BEYOND_FLOAT16 = np.array([40.0, 100.0, 1000.0, 12000.0])
"""Points of which float16 does not hold the exponential."""


def around(points: Array, dtype: type = np.float32) -> Callable[[Made], None]:
    """One step of one unit at points, each moved a little, in every vector by other numbers."""

    def change(made: Made) -> None:
        moved = points + made.array(points.shape) / 4
        at(made, moved.astype(dtype).astype(np.float64))

    return change


OF_CLAUSE = {
    "sigmoid": ("ACT-1", "sigmoid"),
    "linear": ("ACT-2", "linear"),
    "softsign": ("ACT-3", "softsign"),
    "softplus": ("ACT-4", "softplus"),
    "elu": ("ACT-5", "elu"),
}
WITH_PARAMETERS = {
    "leaky_relu(alpha=0.25)": ("ACT-8", "leaky-relu"),
    "hard_sigmoid(alpha=0.25, beta=0.5)": ("ACT-9", "hard-sigmoid"),
    "affine(alpha=0.5, beta=0.25)": ("ACT-10", "affine"),
    "scaled_tanh(alpha=1.5, beta=0.5)": ("ACT-11", "scaled-tanh"),
    "elu(alpha=0.5)": ("ACT-12", "alpha-of-elu"),
}


def _plans() -> Iterator[Plan]:
    for activation, (clause, flag) in (OF_CLAUSE | WITH_PARAMETERS).items():
        slug = activation.partition("(")[0].replace("_", "-")
        yield Plan(
            clause=clause,
            slug=slug,
            flags=(flag,),
            comment=f"{activation}, three steps",
            activation=activation,
            hidden=3,
            gain=2,
            batch=1,
            states=True,
        )
        yield Plan(
            clause=clause,
            slug=f"{slug}-points",
            flags=(flag,),
            comment=f"{activation} at points from −6 to 6",
            activation=activation,
            change=around(AT),
            count=2,
            **(POINTS | ({"claim": "derived"} if "(" in activation or slug == "linear" else {})),
        )
        yield Plan(
            clause="ACT-7",
            slug=slug if "(" not in activation else f"{slug}-parameters",
            flags=(f"slope-of-{flag}",) if activation == "elu" else (flag,),
            comment=f"gradients through {activation}",
            activation=activation,
            hidden=2,
            gain=2,
            batch=1,
            time=2,
            gradients=True,
            states=True,
            count=2,
        )
        if activation == "elu":
            yield Plan(
                clause="ACT-7",
                slug="elu-far",
                flags=("slope-of-elu-far-above-zero",),
                comment="gradients through elu where exp(z) would be infinite",
                activation=activation,
                reach=1024,
                hidden=2,
                batch=1,
                time=2,
                gradients=True,
                states=True,
            )
        if activation == "softplus":
            yield Plan(
                clause="ACT-16",
                slug="softplus-far",
                flags=("softplus-infinite-in-float16",),
                comment="softplus of numbers of which float16 does not hold the exponential",
                activation=activation,
                change=around(BEYOND_FLOAT16, np.float16),
                dtype="float16",
                types=("float16", "bfloat16"),
                hidden=1,
                inputs=1,
                count=2,
            )
        yield Plan(
            clause="ACT-6",
            slug=slug if "(" not in activation else f"{slug}-parameters",
            flags=("activation-at-masked-steps",) if activation == "sigmoid" else (flag,),
            comment=f"{activation} with a mask, in both directions",
            activation=activation,
            directions=2,
            mask=("101", "011"),
            hidden=2,
            count=2 if activation == "sigmoid" else 1,
        )
    for activation in ("leaky_relu(alpha=0.25)", "leaky_relu(alpha=0.75)"):
        other = activation.replace("0.25", "0.5")
        yield Plan(
            clause="ACT-13",
            slug=f"parameters-{activation[-5:-1].replace('.', '-')}",
            flags=("parameters-of-cells",),
            comment="the cells have one activation with different parameters",
            activation=(activation, other if other != activation else "leaky_relu(alpha=0.125)"),
            layers=2,
            hidden=2,
            batch=1,
            count=2,
        )
    for activation in ("sigmoid", "softplus", "softsign"):
        yield Plan(
            clause="ACT-14",
            slug=activation,
            flags=(f"far-{activation}",) if activation != "softsign" else ("softsign",),
            comment=f"{activation} far from zero",
            activation=activation,
            change=around(FAR),
            count=2,
            **POINTS,
        )
        yield Plan(
            clause="ACT-14",
            slug=f"{activation}-steps",
            flags=(f"far-{activation}",) if activation != "softsign" else ("softsign",),
            comment=f"{activation} of sums of some tens",
            activation=activation,
            change=lambda made: setattr(made, "network", made.network.mapped(lambda w: w * 64)),
            count=2,
            hidden=2,
            time=1,
            types=("float64", "float32"),
        )

    yield Plan(
        clause="ACT-9",
        slug="hard-sigmoid-of-zero",
        flags=("hard-sigmoid",),
        comment="a β of zero is given, and not left out",
        activation="hard_sigmoid(alpha=0.25, beta=0.0)",
        hidden=3,
        gain=2,
        batch=1,
        states=True,
        count=2,
    )
    yield Plan(
        clause="ACT-10",
        slug="affine-of-slope-one",
        flags=("affine",),
        comment="an α of one, and an offset all the same",
        activation="affine(alpha=1.0, beta=0.25)",
        hidden=3,
        gain=2,
        batch=1,
        states=True,
        count=2,
    )
    yield Plan(
        clause="ACT-15",
        slug="softplus",
        flags=("far-softplus-in-float64",),
        comment="softplus from 20 to 34, where float64 still tells it from z",
        activation="softplus",
        change=around(np.array([20.5, 21.0, 22.0, 24.0, 26.0, 30.0, 32.0])),
        **(POINTS | {"dtype": "float64"}),
    )


PLANS = tuple(_plans())
