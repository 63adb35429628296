"""OPT: options together, and what routes into a layer may lose."""

from __future__ import annotations

from dataclasses import replace

from rnn_conformance.vectors.expected import Step
from rnn_conformance.vectors.recipes import Made, Plan


def one_feature_as_padding(made: Made) -> None:
    """One of two features of a valid time step is what masked time steps hold."""
    x = made.call.x.copy()
    x[:, :, 0] = 0.0
    made.call = replace(made.call, x=x)


def restored(made: Made) -> list[Step]:
    """A call of what was saved and loaded again."""
    return [Step("restore"), Step("call", made.call)]


PLANS = (
    Plan(
        clause="OPT-1",
        slug="mask-and-states",
        flags=("options-together", "unrolled"),
        comment="a mask, initial states and a stack",
        layers=2,
        hidden=2,
        mask=("011", "101"),
        states=True,
    ),
    Plan(
        clause="OPT-1",
        slug="everything",
        flags=("options-together", "unrolled"),
        comment="two bidirectional layers with lengths, a mask, initial states and two biases",
        layers=2,
        directions=2,
        hidden=2,
        biases=2,
        lengths=(3, 2),
        mask=("011", "101"),
        states=True,
    ),
    Plan(
        clause="OPT-3",
        slug="square",
        flags=("square-input",),
        comment="as many rows as steps, so that no shape tells batch from time",
        batch=3,
        time=3,
        hidden=2,
    ),
    Plan(
        clause="OPT-5",
        slug="cell",
        flags=("cell-by-itself",),
        comment="a bias that counts in every step",
        hidden=2,
        biases=2,
        batch=1,
    ),
    Plan(
        clause="OPT-7",
        slug="file",
        flags=("digits-of-weights",),
        comment="two directions with weights of all digits of float32",
        directions=2,
        grain="fine",
        hidden=2,
        batch=1,
    ),
    Plan(
        clause="OPT-8",
        slug="parts",
        flags=("rows-in-parts",),
        comment="four rows with initial states of their own",
        batch=4,
        hidden=2,
        states=True,
        time=2,
    ),
    Plan(
        clause="OPT-8",
        slug="masks-of-parts",
        flags=("rows-in-parts",),
        comment="six rows with masks of their own",
        mask=("011", "110", "111", "100", "001", "101"),
        batch=6,
        hidden=2,
        time=3,
        count=2,
    ),
    Plan(
        clause="OPT-9",
        slug="by-value",
        flags=("mask-by-value",),
        comment="masked time steps, and valid ones of which one feature is zero",
        mask=("011", "110"),
        hidden=2,
        change=one_feature_as_padding,
    ),
    Plan(
        clause="OPT-12",
        slug="layers",
        flags=("more-than-ten-layers",),
        comment="eleven layers of the same sizes",
        layers=11,
        hidden=2,
        batch=1,
        time=1,
    ),
    Plan(
        clause="OPT-12",
        slug="restored",
        flags=("more-than-ten-layers-restored",),
        comment="eleven layers of the same sizes, which are saved and loaded while they run",
        layers=11,
        hidden=2,
        batch=1,
        time=1,
        steps=restored,
    ),
)
