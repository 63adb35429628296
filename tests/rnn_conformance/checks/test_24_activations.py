"""ACT: activations that not every framework has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from rnn_adapters.adapter import Call
from rnn_conformance.checks.support.derivatives import (
    expect_all,
    expect_second_gradients,
    expect_tangents,
    is_differentiable,
)
from rnn_conformance.checks.support.draws import OfOneActivation
from rnn_conformance.checks.support.expect import (
    expect_everything,
    expect_output,
    expect_steps,
    sequence_of,
)
from rnn_conformance.checks.test_08_numerics import (
    SATURATED,
    bottom_of,
    fed,
    over_all_magnitudes,
)
from rnn_conformance.checks.test_19_gradients import NEEDS as GRADIENTS
from rnn_conformance.checks.test_19_gradients import SHORT, TAME
from rnn_conformance.checks.test_23_types import NARROW, computed_both_ways
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Draw, check
from rnn_conformance.engine.strategies import FORMS, HIDDEN_OR_MANY, POOL, Cases
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ACTIVATIONS, DEFAULTS, Activation, ActivationName
from rnn_reference.bounds import Bounded
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of, reference_dtype

NEEDS = ("sequence", "float32")
HALF = 0.5
TWICE = 2.0  # of every activation, in two ways


IN_ANY_TYPE = ("float32", "float32", "float32", "float64", *NARROW)
"""Kernels of each type may be others, which round, and take parameters, in ways of their own.

How exact they are in narrow types is not specified, so most cases are of others; ACT-17 has narrow ones."""


def under(*activations: Activation | ActivationName) -> Draw:
    """Cases of one direction under these activations."""
    return Cases(
        directions=(1,), activations=activations, hidden=HIDDEN_OR_MANY, dtypes=IN_ANY_TYPE, scatter=True
    )


@check("ACT-1", under("sigmoid"), needs=(*NEEDS, "sigmoid"), share=HALF)
def test_sigmoid(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-2", under("linear"), needs=(*NEEDS, "linear"), share=HALF)
def test_linear(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-3", under("softsign"), needs=(*NEEDS, "softsign"), share=HALF)
def test_softsign(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-4", under("softplus"), needs=(*NEEDS, "softplus"), share=HALF)
def test_softplus(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-5", under("elu"), needs=(*NEEDS, "elu"), share=HALF)
def test_elu(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


OTHERS: tuple[ActivationName, ...] = (
    "sigmoid",
    "linear",
    "softsign",
    "softplus",
    "elu",
    "leaky_relu",
    "hard_sigmoid",
    "affine",
    "scaled_tanh",
)


UNUSUAL = (
    Activation("elu", 0.0),
    *(Activation("leaky_relu", alpha) for alpha in (0.0, 1.4375)),
    Activation("hard_sigmoid", 0.25, 0.0),
    Activation("hard_sigmoid", 0.375, -0.5625),
    Activation("affine", 0.375, 1.4375),
    Activation("scaled_tanh", 1.4375, 1.8125),
)
"""Parameters of 0, below 0 and above 1, which a default, a maximum or a square may be taken for."""

MODERATE = 2.0**20
"""A number that no exponential of it fits into any type, and a product with others into all."""


@check(
    "ACT-6",
    Cases(
        layers=(1, 2),
        activations=(*OTHERS, *UNUSUAL),
        regimes=TAME,
        time=SHORT,
        padding=("none", "lengths"),
        scatter=True,
    ),
    needs=(*NEEDS, "sigmoid"),
)
def test_other_activations_in_stacks_both_directions_and_short_rows(subject: Subject, case: Case) -> None:
    expect_output(subject, case, subject.run(case))


@check(
    "ACT-7",
    Cases(
        layers=(1, 2),
        activations=(*OTHERS, *UNUSUAL),
        regimes=TAME,
        time=SHORT,
        initial_states=(True,),
        variants=("", "of all sizes"),
        scatter=True,
    ),
    needs=(*GRADIENTS, "sigmoid"),
    share=TWICE,
)
def test_gradients_through_other_activations(subject: Subject, case: Case) -> None:
    """And of numbers from the smallest to the largest, where φ′ is a limit, but never NaN.

    Nor are a JVP and a double backward, of numbers whose products are none that a type has no room for.
    """
    if not case.variant:
        expect_all(subject, case)
        return
    seen = over_all_magnitudes(bottom_of(case))
    expect_all(subject, seen)
    moderate = seen.replace(x=seen.x.clip(-MODERATE, MODERATE))
    if subject.supports.tangents:
        expect_tangents(subject, moderate)
    if subject.supports.second_gradients:
        expect_second_gradients(subject, moderate)


@check(
    "ACT-8",
    under("leaky_relu", *(Activation("leaky_relu", alpha) for alpha in (0.0, 1.4375))),
    needs=(*NEEDS, "leaky_relu"),
)
def test_leaky_relu(subject: Subject, case: Case) -> None:
    """Above α = 1 it is not the larger of z and α z."""
    expect_steps(subject, case, subject.run(case))


@check(
    "ACT-9",
    under("hard_sigmoid", Activation("hard_sigmoid", 0.25, 0.0)),
    needs=(*NEEDS, "hard_sigmoid"),
)
def test_hard_sigmoid(subject: Subject, case: Case) -> None:
    """A parameter of 0 is one that was given."""
    expect_steps(subject, case, subject.run(case))


@check("ACT-10", under("affine"), needs=(*NEEDS, "affine"), share=HALF)
def test_affine(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check("ACT-11", under("scaled_tanh"), needs=(*NEEDS, "scaled_tanh"), share=HALF)
def test_scaled_tanh(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check(
    "ACT-12",
    under(*FORMS["elu"][1:], Activation("elu", 0.0)),
    needs=(*NEEDS, "elu", "elu parameters"),
)
def test_elu_with_another_alpha(subject: Subject, case: Case) -> None:
    expect_steps(subject, case, subject.run(case))


@check(
    "ACT-13",
    Cases(layers=(2,), activations=tuple(DEFAULTS), regimes=TAME, time=SHORT, scatter=True),
    needs=(*NEEDS, "own_parameters"),
    share=HALF,
)
def test_each_cell_has_its_own_parameters(subject: Subject, case: Case) -> None:
    """One activation in all cells, with other parameters in each as far as they can differ."""
    supports = subject.supports
    drawn = [cell.activation.name for cell in case.network.cells]
    forms = FORMS[next((name for name in drawn if name in supports.parameters), supports.parameters[0])]

    def own(cell: Cell, layer: int, direction: int) -> Cell:
        number = 2 * layer * supports.mixed_layers + direction * supports.mixed_directions
        return replace(cell, activation=forms[number % len(forms)])

    layers = [
        Layer(*(own(cell, index, direction) for direction, cell in enumerate(layer.cells)))
        for index, layer in enumerate(case.network.layers)
    ]
    case = case.replace(network=Network(layers))
    expect_output(subject, case, subject.run(case))


RANGES: dict[ActivationName, tuple[float, float]] = {
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "softsign": (-1, 1),
    "hard_sigmoid": (0, 1),
    "softplus": (0, np.inf),
    "relu": (0, np.inf),
}
"""Beyond these an activation never is."""


OF_ANY_SIZE = Cases(directions=(1,), activations=tuple(ACTIVATIONS), initial_states=(False,), scatter=True)


@check("ACT-14", OF_ANY_SIZE, needs=NEEDS)
def test_activations_of_numbers_of_any_size(subject: Subject, case: Case) -> None:
    expect_of_any_size(subject, case)
    of_one = case.network.cells[0].activation.name
    if of_one == "hard_sigmoid" in subject.supports.parameters and subject.supports.expensive == "nothing":
        expect_both_ends_of_hard_sigmoids(subject, case)


def expect_both_ends_of_hard_sigmoids(subject: Subject, case: Case) -> None:
    """Far from 0 it is 0 and 1, whatever its parameters are; α z + β, rounded at its bends, may be not."""
    one = np.ones((1, 1), case.network.dtype)
    x = np.array([[[-64]], [[64]]], case.network.dtype)
    for alpha, beta in product((0.1, 0.15, 0.2, 0.3, 0.35, 0.6, 0.7), (0.1, 0.3, 0.45, 0.55, 0.6, 0.7, 0.9)):
        cell = Cell(one, 0 * one, 0 * one[0], activation=Activation("hard_sigmoid", alpha, beta))
        alone = Case(Network(Layer(cell)), Call(x), case.route)
        ends = sequence_of(subject, alone, subject.run(alone)).ravel().tolist()
        subject.require(
            ends == [0, 1], f"hard_sigmoid of ∓64, α {alpha}, β {beta}: expected 0, 1; got {ends}"
        )


def expect_of_any_size(subject: Subject, case: Case) -> None:
    """Every step of numbers from the smallest to the largest, none beyond the range of φ."""
    case = over_all_magnitudes(case)
    expect_within_range(subject, case, expect_steps(subject, case, subject.run(case)))


def expect_within_range(subject: Subject, case: Case, sequence: Array) -> None:
    """No output is beyond the range of φ."""
    low, high = RANGES.get(case.network.cells[0].activation.name, (-np.inf, np.inf))
    subject.require(
        bool(((sequence >= low) & (sequence <= high)).all()), f"an output is not between {low} and {high}"
    )


@check(
    "ACT-15",
    replace(OF_ANY_SIZE, dtypes=("float64",), time=(5,), inputs=(7,), hidden=(7,)),
    needs=(*NEEDS, "float64"),
)
def test_activations_of_float64_of_any_size(subject: Subject, case: Case) -> None:
    """Where float32 cannot tell φ from its limit, float64 can."""
    expect_of_any_size(subject, case)


LIMITS: Mapping[ActivationName, Callable[[Array, float], Array]] = {
    "sigmoid": lambda z, _: np.where(z > 0, 1.0, 0.0),
    "softplus": lambda z, _: np.where(z > 0, z, 0.0),
    "elu": lambda z, alpha: np.where(z > 0, z, -alpha),
}
"""What those that are computed by eᶻ come to, far from 0; φ is within e^−|z| of it, times α."""


@check(
    "ACT-16",
    Cases(
        directions=(1,),
        activations=tuple(LIMITS),
        dtypes=("float16", "bfloat16"),
        initial_states=(False,),
        scatter=True,
    ),
    needs=(*NEEDS, "narrow_dtypes", "exact_factors"),
)
def test_narrow_types_reach_the_limits_of_activations(subject: Subject, case: Case) -> None:
    """And none is beyond its range (ACT-14). How exact φ is where it bends, ACT-17 says.

    In mixed precision they do, too.
    """
    case = over_all_magnitudes(case)
    phi, of_type = case.network.cells[0].activation, precision_of(case.network.dtype)
    alpha = phi.parameters.get("alpha", 1.0)
    z = fed(case).astype(reference_dtype(case.network.dtype))
    limit = LIMITS[phi.name](z, alpha)
    beside = 2 * max(alpha, 1.0) * np.exp(-SATURATED) + of_type.underflow
    bound = 2 * of_type.unit_roundoff * np.abs(limit) + beside
    far = Bounded(limit, np.where(np.abs(z) >= SATURATED, bound, np.inf))
    for each in computed_both_ways(subject, case):
        sequence = sequence_of(subject, case, subject.run(each))
        subject.agree(f"{phi.name} far from 0", sequence, far, case.network.dtype)
        expect_within_range(subject, case, sequence)


@check(
    "ACT-17",
    OfOneActivation(
        replace(
            POOL,
            layers=(1, 1, 2),
            activations=OTHERS,
            regimes=TAME,
            time=(1, 2, 3),
            initial_states=(False, True, True),
            dtypes=NARROW,
            compute_dtypes=(None,),
            poisons=("numbers",),
            variants=("", "slow"),
        )
    ),
    needs=("outputs", "narrow_dtypes", "sigmoid"),
    share=TWICE,
)
def test_other_activations_of_narrow_types(subject: Subject, case: Case) -> None:
    """With all options, in mixed precision and in gradients, too, in a JVP and in a double backward.

    Rates of change may be mostly below the smallest normal float16.
    """
    for each in computed_both_ways(subject, case):
        expect_everything(subject, each)
        if is_differentiable(subject, each):
            expect_all(subject, each)
            if subject.supports.tangents:
                expect_tangents(subject, each)
            if subject.supports.second_gradients:
                expect_second_gradients(subject, each)
