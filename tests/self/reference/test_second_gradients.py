"""JVP and double backward, against differences and the independent plain implementation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers import ACTIVATION_FORMS

from rnn_conformance.checks.support.derivatives import cotangents, direction_of
from rnn_conformance.engine.case import Case
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference import Layer, Network, backpropagate, bound_tangents, run_network, second_gradients
from rnn_reference.activations import Activation, phi
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell

SMOOTH = [form for form in ACTIVATION_FORMS if not phi(Activation.parse(form)).kinks]


def drawn(activation: Any, dtype: str = "float64", *, masked: bool = True) -> Case:
    rng = np.random.default_rng(3)

    def array(*shape: int) -> Array:
        return (rng.normal(size=shape) / 2).astype(dtype)

    cells = [Cell(array(3, 2), array(3, 3), array(3), array(3), activation) for _ in range(2)]
    network = Network([Layer(*cells), Layer(Cell(array(2, 6), array(2, 2), array(2), activation=activation))])
    mask = np.array([[True, True, False, True], [True, False, True, False]]) if masked else None
    return Case.of(network, array(2, 4, 2), (array(2, 2, 3), array(1, 2, 2)), mask=mask)


def moved(case: Case, direction: Gradients, by: float) -> Case:
    """The case after going so far in a direction, in long doubles."""

    def at(value: Array | None, rate: Array | None) -> Any:
        if value is None or rate is None:
            return None
        return value.astype(np.longdouble) + np.longdouble(by) * rate

    rates = iter(direction.cells)

    def moved_cell(cell: Cell) -> Cell:
        rate = next(rates)
        b, b_h = at(cell.b, rate.b), at(cell.b_h, rate.b_h)
        return Cell(at(cell.W_x, rate.W_x), at(cell.W_h, rate.W_h), b, b_h, cell.activation)

    assert case.initial_states is not None
    layers = [Layer(*[moved_cell(cell) for cell in layer.cells]) for layer in case.network.layers]
    states = tuple(map(at, case.initial_states, direction.initial_states))
    return case.replace(network=Network(layers), x=at(case.x, direction.x), initial_states=states)


def all_arrays(found: Gradients) -> list[Array]:
    weights = [w for cell in found.cells for w in cell if w is not None]
    return [found.x, *found.initial_states, *weights]


STEP = 1e-4
ROUNDED = 1e3 * float(np.finfo(np.longdouble).eps) / STEP  # of differences of numbers below 1000


def assert_rates(found: list[Array], at: Callable[[float], list[Array]]) -> None:
    """`found` are the rates at which `at` changes at 0.

    A central difference over twice the step is wrong by four times as much, so that the difference of the two
    is three times the error of the finer one.
    """

    def difference(step: float) -> list[Array]:
        return [(up - down) / (2 * np.longdouble(step)) for up, down in zip(at(step), at(-step), strict=True)]

    for rate, fine, coarse in zip(found, difference(STEP), difference(2 * STEP), strict=True):
        assert np.abs(rate - fine).max() <= np.abs(coarse - fine).max() + ROUNDED


@pytest.mark.parametrize("activation", SMOOTH)
def test_tangents_are_differences(activation: str) -> None:
    case = drawn(activation)
    direction = direction_of(case)

    def outputs(by: float) -> list[Array]:
        end = moved(case, direction, by)
        result = run_network(end.network, end.x, end.initial_states, case.steps)
        return [result.sequence, *result.final_states]

    found = bound_tangents(case.network, case.x, case.initial_states, direction, case.steps)
    assert_rates([found.sequence.value, *(final.value for final in found.final_states)], outputs)


@pytest.mark.parametrize("activation", SMOOTH)
def test_second_gradients_are_differences(activation: str) -> None:
    """Of Σ direction · gradients they are the gradient, and so the rate of the gradient in that direction."""
    case = drawn(activation)
    direction, (g, g_final) = direction_of(case), cotangents(case)
    wide = g.astype(np.longdouble), tuple(state.astype(np.longdouble) for state in g_final)

    def gradients(by: float) -> list[Array]:
        end = moved(case, direction, by)
        return all_arrays(backpropagate(end.network, end.x, end.initial_states, *wide, case.steps))

    found = second_gradients(case.network, case.x, case.initial_states, g, g_final, direction, case.steps)
    assert_rates(all_arrays(found), gradients)


@pytest.mark.parametrize("activation", ACTIVATION_FORMS)
@pytest.mark.parametrize("masked", [False, True])
def test_the_plain_implementation_agrees(activation: str, masked: bool) -> None:
    case = drawn(activation, masked=masked)
    direction, (g, g_final) = direction_of(case), cotangents(case)
    plain = PlainNumpy()
    model = plain.load(case.network)
    tangents = plain.tangents(model, case.call, direction)
    bounded = bound_tangents(case.network, case.x, case.initial_states, direction, case.steps)
    assert tangents.sequence is not None
    assert (np.abs(tangents.sequence - bounded.sequence.value) <= bounded.sequence.bound).all()
    expected = second_gradients(case.network, case.x, case.initial_states, g, g_final, direction, case.steps)
    # A cell of one bias is stored with two.
    cells = tuple(CellGradients(c.W_x, c.W_h, c.b, c.b if c.b_h is None else c.b_h) for c in expected.cells)
    found = plain.second_gradients(model, case.call, g, g_final, direction)
    for actual, value in zip(all_arrays(found), all_arrays(expected._replace(cells=cells)), strict=True):
        assert np.abs(actual - value).max() < 1e4 * np.finfo(float).eps


def test_by_hand() -> None:
    """H = w x: the gradients of x and w are w and x, and of v·w + u·x the gradients are u and v."""
    cell = Cell(np.array([[2.0]]), np.array([[0.0]]), activation="linear")
    direction = Gradients(
        np.full((1, 1, 1), 5.0), (np.zeros((1, 1, 1)),), (CellGradients(np.array([[7.0]]), np.zeros((1, 1))),)
    )
    given = (Network(Layer(cell)), np.full((1, 1, 1), 3.0), (np.zeros((1, 1, 1)),))
    tangent = bound_tangents(*given, direction).sequence.value.item()
    assert float(tangent) == 2 * 5 + 7 * 3
    found = second_gradients(*given, np.ones((1, 1, 1)), (np.zeros((1, 1, 1)),), direction)
    assert [float(found.x.item()), float(found.cells[0].W_x.item())] == [7.0, 5.0]
