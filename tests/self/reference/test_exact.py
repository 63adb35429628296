"""Exact numbers, and the reference computing in them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from helpers import ACTIVATION_FORMS, random_case, random_cell

from rnn_reference import BadInput, Cell, bound_gradients, bound_network
from rnn_reference.bounds import Bounded, BoundedResult
from rnn_reference.exact import Exact, computing_exactly, exact_array, exact_numbers
from rnn_reference.gradient_bounds import BoundedGradients
from rnn_reference.network import Array


def exact(number: float) -> Exact:
    return Exact(Decimal(number))


@pytest.mark.parametrize("z", [0.0, 1e-300, 2.0**-40, 0.25, -0.75, 3.5, -25.0, 800.0])
@pytest.mark.parametrize("name", ["tanh", "expm1", "log1p", "exp"])
def test_functions_are_those_of_floats_and_lose_no_digit_of_small_numbers(name: str, z: float) -> None:
    if z < -1 if name == "log1p" else z > 700 and name != "tanh":
        return
    found, expected = float(getattr(exact(z), name)()), getattr(math, name)(z)
    assert abs(found - expected) <= 4 * math.ulp(expected)


def test_digits_that_are_known() -> None:
    """The first thirty decimals of tanh 1 and of e − 1."""
    assert str(exact(1.0).tanh().number).startswith("0.761594155955764888119458282604")
    assert str(exact(1.0).expm1().number).startswith("1.71828182845904523536028747135")


def test_what_is_not_finite_is_as_in_floating_point() -> None:
    infinity, nan = exact(math.inf), exact(math.nan)
    assert float(infinity.tanh()) == 1
    assert float(-infinity * 2) == -math.inf
    assert math.isnan(float(infinity - infinity))
    assert math.isnan(float(infinity * 0))
    assert math.isnan(float(nan.tanh()))
    assert not any((nan < 1, nan >= 1, nan == exact(math.nan)))
    assert math.copysign(1, float(exact(-0.0))) == -1


def test_an_array_may_hold_other_numbers_too() -> None:
    mixed = np.array([exact(0.5), 1, True, 0.25], object)
    assert [type(each) for each in exact_array(mixed)] == [Exact] * 4
    assert [float(each) for each in exact_array(mixed)] == [0.5, 1, 1, 0.25]


def as_floats(array: Array) -> Array:
    return array.astype(np.float64)


def some_of(found: tuple[BoundedResult, BoundedGradients]) -> list[Bounded]:
    """What is compared of a call and of its gradients."""
    result, gradients = found
    lower, upper = gradients.cells[:2]
    return [result.sequence, result.final_states[0], gradients.x, lower.W_h, upper.W_x]


@pytest.mark.parametrize("activation", ACTIVATION_FORMS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_the_reference_gives_what_it_gives_in_floats(activation: str, dtype: Any) -> None:
    """Values within a few units of float64, and bounds that differ by the reference's own rounding."""
    cells = (random_cell(2, 2, seed=seed, activation=activation, dtype=dtype) for seed in (0, 1))
    case = random_case(*cells, time=2)
    given = case.network, case.x, case.initial_states
    d_sequence = np.ones((*case.x.shape[:2], 4), case.x.dtype)
    floats = bound_network(*given), bound_gradients(*given, d_sequence)
    with exact_numbers():
        exacts = bound_network(*given), bound_gradients(*given, d_sequence)
    states = tuple(as_floats(state) for state in case.initial_states or ())
    widely = case.network.astype("float64"), as_floats(case.x), states
    doubles = bound_network(*widely), bound_gradients(*widely, as_floats(d_sequence))
    for one, other, double in zip(*map(some_of, (floats, exacts, doubles)), strict=True):
        # The reference is within what float64 may be off by; to show both as floats rounds each once more.
        shown, right = as_floats(one.value), as_floats(other.value)
        assert (np.abs(shown - right) <= as_floats(double.bound) + 2 * 2.0**-53 * np.abs(right)).all()
        ratio = as_floats(other.bound) / as_floats(one.bound)
        least = 0.49 if dtype == "float64" else 1 - 1e-6  # where longdouble is float64, both count the same u
        assert least <= ratio.min()
        assert ratio.max() <= 1 + 1e-6


def test_exact_arrays_are_for_the_reference_alone() -> None:
    weights = exact_array(np.ones((1, 1)))
    with pytest.raises(BadInput, match="expected dtype float16, bfloat16, float32 or float64; got object"):
        Cell(weights, weights)
    with exact_numbers():
        assert computing_exactly()
        Cell(weights, weights)
    assert not computing_exactly()
