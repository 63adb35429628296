"""What the bounds take for known about each activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes  # NumPy learns bfloat16 of it
import numpy as np
import pytest
from helpers import ACTIVATION_FORMS
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference.activations import DEFAULTS, POSITIVE, SIGNED, Activation, Phi, phi
from rnn_reference.bounds import Bounded, StepBound
from rnn_reference.errors import BadInput
from rnn_reference.gradient_bounds import Arithmetic, bounded_derivative
from rnn_reference.network import Array, Cell
from rnn_reference.precision import precision_of

Z = np.linspace(-30, 30, 60_001, dtype=np.longdouble)
EXACT = 64 * np.finfo(np.longdouble).eps
FAMILIES: tuple[str, ...] = tuple(DEFAULTS)


def across_kinks(of: Phi) -> Array:
    """Which steps from one Z to the next have a kink in them."""
    found = np.zeros(len(Z) - 1, bool)
    for kink in of.kinks:
        # 0.3 / 0.1 is not 3: a kink that should be on a point of Z may be beside it.
        found |= (Z[:-1] <= kink.z + 1e-12) & (kink.z - 1e-12 <= Z[1:])
    return found


@pytest.mark.parametrize("form", ACTIVATION_FORMS)
def test_the_derivative_is_that_of_the_value(form: str) -> None:
    """The slope between two points is between the least and the largest derivative there, φ' being monotone
    on each side of 0 and of every kink."""
    of = phi(Activation.parse(form))
    slope = np.diff(of.value(Z)) / np.diff(Z)
    ends = of.derivative(of.value(Z))
    low, high = np.minimum(ends[:-1], ends[1:]), np.maximum(ends[:-1], ends[1:])
    size = of.largest_slope * (np.maximum(np.abs(Z[1:]), 1) + of.shift)
    rounding = 8 * np.finfo(np.longdouble).eps * size / np.diff(Z)
    assert (low - rounding <= slope).all()
    assert (slope <= high + rounding).all()


@pytest.mark.parametrize("form", ACTIVATION_FORMS)
def test_the_second_derivative_is_that_of_the_derivative(form: str) -> None:
    of = phi(Activation.parse(form))
    h = of.value(Z)
    slope = np.diff(of.derivative(h)) / np.diff(Z)
    between = (of.second_derivative(h)[1:] + of.second_derivative(h)[:-1]) / 2
    smooth = ~across_kinks(of) & (np.abs(Z[1:]) > 0.01) & (np.abs(Z[:-1]) > 0.01)  # softsign and elu: at 0
    # The trapezoidal rule: the second derivative of φ'' is below 24 times the powers of a slope of 1.5.
    assert (np.abs(slope - between)[smooth] <= 10 * np.diff(Z).max() ** 2 + 1e-9).all()


@pytest.mark.parametrize("form", ACTIVATION_FORMS)
@pytest.mark.parametrize("delta", [1e-6, 0.1, 3.0])
def test_no_slope_within_delta_is_steeper_than_said(form: str, delta: float) -> None:
    of, z = phi(Activation.parse(form)), Z[::600]
    steepest = of.steepest(z, np.full_like(z, delta))
    for shift in np.linspace(-delta, delta, 41):
        assert (of.derivative(of.value(z + shift)) <= steepest + EXACT).all()
    assert (steepest <= of.largest_slope + EXACT).all()


@pytest.mark.parametrize("form", ACTIVATION_FORMS)
def test_the_derivative_changes_no_faster_than_said(form: str) -> None:
    """With z, by `bend`; with h, by `turn`; at a kink by its jump."""
    of = phi(Activation.parse(form))
    h = of.value(Z)
    change, kinks = np.abs(np.diff(of.derivative(h))), across_kinks(of)
    smooth = change[~kinks]
    assert (smooth <= of.bend * np.diff(Z)[~kinks] + EXACT).all()
    assert (smooth <= of.turn * np.abs(np.diff(h))[~kinks] * (1 + 1e-3) + EXACT).all()
    if of.bend:
        assert smooth.max() >= 0.99 * of.bend * np.diff(Z).max()
    for kink in of.kinks:
        assert kink.jump <= kink.steeper * (1 + 1e-15) <= of.largest_slope * (1 + 1e-15)
        if abs(kink.z) < 30:
            at = (Z[:-1] <= kink.z + 1e-12) & (kink.z - 1e-12 <= Z[1:])
            # Up to two steps are beside a kink that is a point of Z.
            assert abs(change[at].max() - kink.jump) <= 2 * of.bend * np.diff(Z).max() + 1e-15


def test_nothing_overflows() -> None:
    far = np.array([-1e300, -1e3, 1e3, 1e300])
    for form in ACTIVATION_FORMS:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert np.isfinite(phi(Activation.parse(form)).value(far)).all()


# As a value

NUMBERS = st.one_of(st.floats(0.01, 4), st.sampled_from([0.0, 1.0, 0.5, 1 / 3, 1e-30, 1e30]))


@st.composite
def activations(
    draw: Callable[[st.SearchStrategy[Any]], Any], sizes: st.SearchStrategy[float] = NUMBERS
) -> Any:
    """An activation with parameters of any size that it can have."""
    name = draw(st.sampled_from(FAMILIES))
    parameters = {}
    for parameter in DEFAULTS[name]:
        value = draw(sizes)
        value = -value if (name, parameter) in SIGNED and draw(st.booleans()) else value
        parameters[parameter] = 0.5 if (name, parameter) in POSITIVE and not value else value
    return Activation(name, **parameters)


@given(activations())
def test_what_is_written_is_read(activation: Activation) -> None:
    assert Activation.parse(str(activation)) == activation
    assert hash(Activation.parse(str(activation))) == hash(activation)


def test_how_it_is_written() -> None:
    assert str(Activation("tanh")) == "tanh"
    assert str(Activation("elu")) == str(Activation("elu", alpha=1)) == "elu"
    assert str(Activation("elu", alpha=0.5)) == "elu(alpha=0.5)"
    assert str(Activation("affine", beta=-0.25)) == "affine(alpha=1.0, beta=-0.25)"
    assert str(Activation("affine", beta=-0.0)) == "affine"
    assert Activation("hard_sigmoid").parameters == {"alpha": 0.2, "beta": 0.5}
    assert Activation.parse("hard_sigmoid(alpha=0.2)") == Activation("hard_sigmoid")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Activation("gelu"), "Activation.name: expected one of tanh, relu"),  # type: ignore[arg-type]
        (lambda: Activation("tanh", alpha=1.0), "Activation.alpha: expected no parameters of tanh; got 1.0"),
        (lambda: Activation("elu", beta=1.0), "Activation.beta: expected alpha of elu; got 1.0"),
        (
            lambda: Activation("elu", alpha=-1.0),
            "Activation.alpha: expected a finite number, at least 0 for elu; got -1.0",
        ),
        (
            lambda: Activation("affine", alpha=0.0),
            "Activation.alpha: expected a finite number above 0 for affine; got 0.0",
        ),
        (
            lambda: Activation("affine", beta=float("nan")),
            "Activation.beta: expected a finite number for affine; got nan",
        ),
        (lambda: Activation("leaky_relu", alpha="1"), "Activation.alpha: expected a finite number"),  # type: ignore[arg-type]
        (lambda: Activation.parse("gelu"), "activation: expected one of tanh, relu"),
        (lambda: Activation.parse("elu(alpha=0.5"), "activation: expected one of tanh, relu"),
        (lambda: Activation.parse("elu(beta=0.5)"), "activation: expected alpha=number for elu"),
        (lambda: Activation.parse("elu(0.5)"), "activation: expected alpha=number for elu"),
        (lambda: Activation.parse("elu(alpha=1, alpha=2)"), "activation: expected alpha=number for elu"),
        (lambda: Activation.parse("elu(alpha=inf)"), "activation: expected alpha=number for elu"),
        (lambda: Activation.parse("tanh()"), "activation: expected no parameters for tanh"),
        (lambda: Activation.parse("elu(alpha=-1)"), "activation: Activation.alpha: expected a finite number"),
    ],
)
def test_what_it_cannot_be(make: Callable[[], object], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        make()
    assert str(caught.value).startswith(message)


# Bounds

EDGES = (0.0, -0.0, 1.0, -1.0, 1e-38, -1e-38, 1e-5, -1e-5, 2.5, -2.5, 3.0, -3.0, 20.0, -20.0, 1e4, -1e4)


def points(activation: Activation, dtype: Any, seed: int) -> Array:
    """Numbers of a type: random, at the edges, and close to every kink."""
    rng = np.random.default_rng(seed)
    near = np.array([kink.z for kink in phi(activation).kinks if abs(kink.z) < 1e4] + [0.0])
    around = (near[:, None] * (1 + rng.normal(size=40) * float(ml_dtypes.finfo(dtype).eps))).ravel()  # type: ignore[no-untyped-call]
    numbers = np.concatenate([rng.normal(size=200) * 3, rng.normal(size=100) * 1e-4, EDGES, around])
    numbers = np.clip(numbers, -6e4, 6e4) if dtype == "float16" else numbers
    return numbers.astype(dtype)


def in_other_ways(activation: Activation, z: Array) -> list[Array]:
    """The activation as other implementations compute it, every operation rounded to the type of z."""
    kind = z.dtype.type
    zero, one = kind(0), kind(1)
    alpha, beta = kind(activation.alpha or 0), kind(activation.beta or 0)
    match activation.name:
        case "leaky_relu":
            return [
                np.maximum(z, zero) + alpha * np.minimum(z, zero),
                np.maximum(z, zero) - alpha * np.maximum(-z, zero),
            ]
        case "hard_sigmoid" | "affine":
            shift = kind(beta / alpha)
            other = alpha * (z + shift)
            if activation.name == "affine":
                return [other]
            return [np.minimum(np.maximum(y, zero), one) for y in (other, beta + z * alpha)]
        case "elu":
            below = alpha * (np.exp(np.minimum(z, zero).astype(np.longdouble)) - 1).astype(z.dtype)
            return [np.where(z > 0, z, below)]
    return []


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@settings(max_examples=60, deadline=None)
@given(activation=activations(st.floats(0.01, 4)), seed=st.integers(0, 2**32 - 1))
def test_computed_values_are_within_the_bound_of_a_step(
    dtype: str, activation: Activation, seed: int
) -> None:
    """The pre-activation is the input, exactly: what is bounded is the activation alone."""
    cell = Cell(np.ones((1, 1), dtype), np.zeros((1, 1), dtype), activation=activation)
    bounds, z = StepBound(cell, np.dtype(dtype)), points(activation, dtype, seed)
    wide = z.astype(bounds.wide)
    value = phi(activation).value(wide)
    allowed = bounds._after_activation(wide, value, 0 * wide)
    with np.errstate(over="ignore", invalid="ignore"):
        for found in (PlainNumpy().activate(activation, z), *in_other_ways(activation, z)):
            assert found.dtype == z.dtype
            claimed = np.isfinite(found)
            error = np.abs(found.astype(bounds.wide) - value)
            assert (error <= allowed)[claimed].all()


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@settings(max_examples=60, deadline=None)
@given(activation=activations(st.floats(0.01, 4)), seed=st.integers(0, 2**32 - 1), size=st.floats(1e-6, 1))
def test_so_they_are_after_an_error_of_z(dtype: str, activation: Activation, seed: int, size: float) -> None:
    cell = Cell(np.ones((1, 1), dtype), np.zeros((1, 1), dtype), activation=activation)
    bounds, z = StepBound(cell, np.dtype(dtype)), points(activation, dtype, seed)
    wide = z.astype(bounds.wide)
    value = phi(activation).value(wide)
    rng = np.random.default_rng(seed)
    moved = (wide * (1 + size * rng.uniform(-1, 1, z.shape))).astype(dtype)
    delta = np.abs(moved.astype(bounds.wide) - wide)
    allowed = bounds._after_activation(wide, value, delta)
    with np.errstate(over="ignore", invalid="ignore"):
        found = PlainNumpy().activate(activation, moved)
    claimed = np.isfinite(found)
    assert (np.abs(found.astype(bounds.wide) - value) <= allowed)[claimed].all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@settings(max_examples=60, deadline=None)
@given(activation=activations(st.floats(0.01, 4)), seed=st.integers(0, 2**32 - 1), size=st.floats(1e-9, 1))
def test_computed_slopes_are_within_their_bound(
    dtype: str, activation: Activation, seed: int, size: float
) -> None:
    """From h, and on the side of a kink on which the erroneous z is."""
    cell = Cell(np.ones((1, 1), dtype), np.zeros((1, 1), dtype), activation=activation)
    bounds, z = StepBound(cell, np.dtype(dtype)), points(activation, dtype, seed)
    wide = z.astype(bounds.wide)
    value = phi(activation).value(wide)
    rng = np.random.default_rng(seed)
    moved = (wide * (1 + size * rng.uniform(-1, 1, z.shape))).astype(dtype)
    delta = np.abs(moved.astype(bounds.wide) - wide)
    h = Bounded(value, bounds._after_activation(wide, value, delta))
    slope = bounded_derivative(cell.astype(bounds.wide), h, wide, Arithmetic(np.dtype(dtype)))
    plain = PlainNumpy()
    found = plain.slope(activation, plain.activate(activation, moved))
    exact = phi(activation).derivative(phi(activation).value(moved.astype(bounds.wide)))
    for computed in (found, exact):
        assert (np.abs(computed - slope.value) <= slope.bound).all()


def test_roundings_are_felt() -> None:
    """The bound of hard_sigmoid is a few units, not many, and at saturation there is nothing but the last."""
    cell = Cell(np.ones((1, 1), "f4"), np.zeros((1, 1), "f4"), activation="hard_sigmoid")
    bounds, z = StepBound(cell, np.dtype("f4")), np.array([-9.0, -1.0, 0.0, 1.0, 9.0])
    u = precision_of(np.dtype("f4")).unit_roundoff
    allowed = bounds._after_activation(z, phi(cell.activation).value(z), 0 * z) / u
    np.testing.assert_allclose(allowed, [0, 3.1, 2.5, 3.5, 1.0], atol=1e-3)
