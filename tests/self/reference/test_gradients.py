"""The reference's gradients against differences of the reference itself, and the bounds against float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import ACTIVATION_FORMS, random_cell

from rnn_conformance.checks.support.derivatives import cotangents
from rnn_conformance.engine.case import Case
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference import BadInput, Cell, Layer, Network, backpropagate, bound_gradients, run_network
from rnn_reference.network import Array

STEP = 2.0**-16


def network(dtype: str = "float64", activation: Any = "tanh") -> Network:
    """Two layers, the lower one bidirectional."""
    cells = [random_cell(3, 4, seed=seed, dtype=dtype, biases=2, activation=activation) for seed in (0, 1)]
    return Network([Layer(*cells), Layer(random_cell(8, 2, seed=2, dtype=dtype, activation=activation))])


def drawn(dtype: str = "float64", activation: Any = "tanh") -> Case:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 5, 3)).astype(dtype)
    net = network(dtype, activation)
    states = tuple(rng.normal(size=shape).astype(dtype) for shape in net.state_shapes(2))
    mask = np.array([[True, False, True, True, False], [True] * 5])
    return Case.of(net, x, states, mask=mask)


def loss(case: Case) -> np.longdouble:
    d_sequence, d_final = cotangents(case)
    result = run_network(case.network, case.x, case.initial_states, case.steps)
    total = (d_sequence * result.sequence).sum()
    return np.longdouble(
        total + sum((g * h).sum() for g, h in zip(d_final, result.final_states, strict=True))
    )


def difference(case: Case, array: Array, place: tuple[int, ...]) -> tuple[float, float]:
    """∂ loss / ∂ array[place], by changing the array where it lies, and how far that may be from the truth.

    A central difference is wrong by a multiple of STEP²: halving the step takes three quarters of that away.
    """
    kept, found = array[place], []
    for step in (STEP, STEP / 2):
        array[place] = kept + step
        above = loss(case)
        array[place] = kept - step
        found.append((above - loss(case)) / (2 * np.longdouble(step)))
    array[place] = kept
    rounding = 64 * np.finfo(np.longdouble).eps * (1 + abs(loss(case))) / STEP
    return float(found[1]), float(abs(found[0] - found[1]) + rounding)


@pytest.mark.parametrize("activation", ACTIVATION_FORMS)
def test_gradients_are_differences(activation: str) -> None:
    case = drawn(activation=activation)
    assert case.initial_states is not None
    d_sequence, d_final = cotangents(case)
    found = backpropagate(case.network, case.x, case.initial_states, d_sequence, d_final, case.steps)
    pairs = [(case.x, found.x), *zip(case.initial_states, found.initial_states, strict=True)]
    for cell, gradients in zip(case.network.cells, found.cells, strict=True):
        for role in ("W_x", "W_h", "b", "b_h"):
            if getattr(cell, role) is not None:
                pairs.append((getattr(cell, role), getattr(gradients, role)))
    for array, gradient in pairs:
        assert gradient.shape == array.shape
        for place in np.ndindex(*array.shape):
            expected, allowed = difference(case, array, place)
            assert abs(float(gradient[place]) - expected) <= allowed


def test_values_of_the_bounds_are_the_gradients() -> None:
    case = drawn("float32")
    given = (case.network, case.x, case.initial_states, *cotangents(case), case.steps)
    found, bounded = backpropagate(*given), bound_gradients(*given)
    pairs = [(found.x, bounded.x), *zip(found.initial_states, bounded.initial_states, strict=True)]
    for cell, with_bounds in zip(found.cells, bounded.cells, strict=True):
        for one, other in zip(cell, with_bounds, strict=True):
            if one is not None and other is not None:
                pairs.append((one, other))
    for one, other in pairs:
        # Bounds are proportional to u, and both values are float64: 2⁻²⁹ of a bound for float32.
        assert (np.abs(one - other.value) <= 2.0**-29 * other.bound).all()


@pytest.mark.parametrize("activation", ACTIVATION_FORMS)
def test_bounds_hold_and_say_something(activation: str) -> None:
    """Float32 gradients of the plain implementation: within the bounds, which are small."""
    case = drawn("float32", activation)
    plain = PlainNumpy()
    found = plain.gradients(plain.load(case.network), case.call, *cotangents(case))
    bounded = bound_gradients(case.network, case.x, case.initial_states, *cotangents(case), case.steps)
    error = np.abs(found.x - bounded.x.value)
    assert (error <= bounded.x.bound).all()
    assert (bounded.x.bound < 1e-3 * np.abs(bounded.x.value).max()).mean() > 0.9


def test_by_hand() -> None:
    """H = relu(2 x + 3 h₀): every gradient is a product of two numbers."""
    net = Network(Layer(Cell(np.array([[2.0]]), np.array([[3.0]]), np.array([0.0]), activation="relu")))
    found = backpropagate(net, np.full((1, 1, 1), 5.0), (np.full((1, 1, 1), 7.0),), np.ones((1, 1, 1)))
    assert [float(g.item()) for g in (found.x, found.initial_states[0])] == [2.0, 3.0]
    assert [float(g.item()) for g in found.cells[0][:3] if g is not None] == [5.0, 7.0, 1.0]


def test_bad_incoming_gradients_are_explained() -> None:
    case = drawn()
    with pytest.raises(BadInput, match="d_sequence: expected shape"):
        backpropagate(case.network, case.x, None, np.zeros((2, 5, 3)))
