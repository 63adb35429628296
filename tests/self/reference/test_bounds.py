"""The bounds hold for every order of summation, and are not much too wide."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from helpers import EVERYTHING, random_case, random_cell
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_conformance.engine.case import Case
from rnn_conformance.engine.strategies import Cases
from rnn_reference import Layer, Network, bound_network, replay_layer, run_network
from rnn_reference.activations import Activation, Inexactness, inexact
from rnn_reference.bounds import StepBound, gamma
from rnn_reference.network import Array, Cell
from rnn_reference.precision import float64_computed_in, precision_of, reference_dtype, summed_in

F32 = np.dtype("float32")


def exact_dot(weights: Array, values: Array) -> Fraction:
    return sum(
        (Fraction(float(w)) * Fraction(float(v)) for w, v in zip(weights, values, strict=True)), Fraction(0)
    )


def summed_in_order(terms: Array, order: Array) -> np.float32:
    total = np.float32(0)
    for term in terms[order]:
        total = np.float32(total + term)
    return total


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30), st.sampled_from([1e-40, 1.0, 1e20]))
@settings(max_examples=60, deadline=None)
def test_delta_covers_every_order_of_summation(seed: int, inputs: int, hidden: int, scale: float) -> None:
    """Relu shows the pre-activation: float32 sums in random orders against exact rational arithmetic."""
    rng = np.random.default_rng(seed)
    W_x = rng.normal(size=(1, inputs)).astype(F32)
    cell = Cell(W_x, rng.normal(size=(1, 1)).astype(F32), np.array([0.3 * scale], F32), activation="relu")
    x = (rng.normal(size=(1, inputs)) * scale).astype(F32)
    h = (rng.normal(size=(1, 1)) * scale).astype(F32)
    bounds = StepBound(cell, F32)
    bounded = bounds.step(bounds.inputs(x.astype(float)), h.astype(float))
    with np.errstate(under="ignore"):
        terms = np.concatenate([cell.W_x[0] * x[0], cell.W_h[0] * h[0], cell.bias])
        computed = max(0.0, float(summed_in_order(terms, rng.permutation(len(terms)))))
    exact = exact_dot(cell.W_x[0], x[0]) + exact_dot(cell.W_h[0], h[0]) + Fraction(float(cell.bias[0]))
    error = abs(Fraction(float(computed)) - max(exact, Fraction(0)))
    assert error <= Fraction(float(bounded.bound[0, 0]))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([2.0**-12, 1.0]))
@settings(max_examples=60, deadline=None)
def test_a_narrow_delta_covers_every_order_of_rounded_parts(
    dtype: str, seed: int, inputs: int, scale: float
) -> None:
    """Products of float32, rounded; then they and two biases summed in any order, rounded each time."""
    rng = np.random.default_rng(seed)

    def numbers(*shape: int) -> Array:
        return (rng.normal(size=shape) * scale).astype(dtype)

    W_x, W_h = (rng.normal(size=(1, size)).astype(dtype) for size in (inputs, 1))
    cell = Cell(W_x, W_h, numbers(1), numbers(1), activation="relu")
    x, h = numbers(1, inputs), numbers(1, 1)
    bounds = StepBound(cell, dtype)
    bounded = bounds.step(bounds.inputs(x.astype(float)), h.astype(float))
    products = [(v.astype(F32) * W.astype(F32)).sum(dtype=F32).astype(dtype) for v, W in ((x, W_x), (h, W_h))]
    assert cell.b is not None
    assert cell.b_h is not None
    parts = [products[0], products[1], cell.b[0], cell.b_h[0]]
    while len(parts) > 1:
        first, second = (parts.pop(int(rng.integers(len(parts)))) for _ in range(2))
        parts.append(first + second)
    exact = exact_dot(W_x[0], x[0]) + exact_dot(W_h[0], h[0])
    exact += Fraction(float(cell.b[0])) + Fraction(float(cell.b_h[0]))
    error = abs(max(Fraction(float(parts[0])), Fraction(0)) - max(exact, Fraction(0)))
    assert error <= Fraction(float(bounded.bound[0, 0]))


@given(st.floats(-25, 25), st.floats(1e-12, 5))
def test_the_activation_term_is_the_largest_change_of_tanh(z: float, delta: float) -> None:
    """tanh|z| − tanh(|z| − δ) is the largest |tanh(z ± d) − tanh z| for d up to δ."""
    near = np.longdouble(abs(z)) - np.longdouble(delta)
    change = np.tanh(np.longdouble(delta)) * (1 - np.tanh(np.longdouble(abs(z))) * np.tanh(near))
    around = np.longdouble(z) + np.linspace(-delta, delta, 101, dtype=np.longdouble)
    largest = np.abs(np.tanh(around) - np.tanh(np.longdouble(z))).max()
    slack = 8 * np.finfo(np.longdouble).eps
    assert largest - slack <= change <= largest * (1 + 1e-9) + slack


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_float32_run_is_within_both_bounds(activation: Activation, data: st.DataObject) -> None:
    case: Case = data.draw(Cases(layers=(1, 2), activations=(activation,))({"": EVERYTHING}))
    bounded = bound_network(case.network, case.x, case.initial_states)
    sequence = float32_run(case)
    error = np.abs(sequence - bounded.sequence.value)
    assert (error <= bounded.sequence.bound).all()
    if case.network.num_layers == 1:
        states = (
            case.initial_states[0]
            if case.initial_states
            else np.zeros(case.network.state_shapes(len(case.x))[0], F32)
        )
        replayed = replay_layer(case.network.layers[0], case.x, states, sequence, F32)
        assert (np.abs(sequence - replayed.value) <= replayed.bound).all()


def float32_run(case: Case) -> Array:
    from rnn_conformance.faults.plain import PlainNumpy

    plain = PlainNumpy()
    sequence = plain.run(plain.load(case.network), case.call).sequence
    assert sequence is not None
    return sequence


def test_the_residual_bound_does_not_grow_with_time_and_the_forward_bound_does() -> None:
    case = random_case(random_cell(4, 8, gain=2.0), time=60, states=False)
    forward = bound_network(case.network, case.x).sequence.bound.max(axis=(0, 2))
    states = run_network(case.network, case.x).sequence.astype(F32)
    h0 = np.zeros((1, 2, 8), F32)
    residual = replay_layer(case.network.layers[0], case.x, h0, states, F32).bound.max(axis=(0, 2))
    assert residual[30:].max() < 2 * residual[:30].max()
    assert forward[30:].max() > 100 * forward[0]


def test_the_value_beside_the_bound_is_the_reference_result() -> None:
    case = random_case(random_cell(3, 4), random_cell(4, 5, seed=2), stacked=True)
    bounded = bound_network(case.network, case.x, case.initial_states)
    result = run_network(case.network, case.x, case.initial_states)
    assert np.array_equal(bounded.sequence.value, result.sequence)
    assert np.array_equal(bounded.last.value, result.last)


def test_a_changed_weight_is_outside_the_bound() -> None:
    """The power of the residual check: the largest recurrent weight changed by 1e-5."""
    caught = 0
    for seed in range(50):
        case = random_case(random_cell(3, 4, seed=seed), time=8, seed=seed)
        cell = case.network.cells[0]
        W_h = cell.W_h.copy()
        place = np.unravel_index(np.abs(W_h).argmax(), W_h.shape)
        W_h[place] *= np.float32(1 + 1e-5)
        wrong = Case.of(Network(Layer(Cell(cell.W_x, W_h, cell.b))), case.x, case.initial_states)
        assert case.initial_states is not None
        sequence = float32_run(wrong)
        replayed = replay_layer(case.network.layers[0], case.x, case.initial_states[0], sequence, F32)
        caught += bool((np.abs(sequence - replayed.value) > replayed.bound).any())
    assert caught >= 40


def test_nothing_is_claimed_where_overflow_is_possible() -> None:
    cell = Cell(np.array([[1e20]], F32), np.array([[0]], F32), activation="relu")
    for x, claimed in ((1e20, False), (1e10, True)):
        bound = bound_network(Network(Layer(cell)), np.array([[[x]]], F32)).last.bound
        assert bool(np.isfinite(bound).all()) is claimed


def test_a_flushed_operand_is_covered() -> None:
    """An input below the smallest normal, flushed to zero, counts as often as its weight is large."""
    tiny = np.float32(1e-39)
    cell = Cell(np.array([[1e6]], F32), np.array([[0]], F32), activation="relu")
    bounded = bound_network(Network(Layer(cell)), np.array([[[tiny]]]))
    assert abs(0 - bounded.last.value[0, 0]) <= bounded.last.bound[0, 0]


def test_gamma_and_precisions() -> None:
    u = 2.0**-24
    assert precision_of(F32).unit_roundoff == u
    assert precision_of(np.dtype("float64")).unit_roundoff == 2.0**-53
    assert precision_of(F32).underflow == 2.0**-126
    assert precision_of(np.dtype("float16"))[:2] == (2.0**-11, 2.0**-24)
    assert precision_of(np.dtype("bfloat16"))[:2] == (2.0**-8, 2.0**-126)
    assert summed_in("bfloat16") == summed_in("float16") == F32
    assert gamma(10, u) == 10 * u / (1 - 10 * u)
    assert reference_dtype(F32) == np.float64
    assert reference_dtype(np.dtype("float64")) == np.longdouble


def test_the_replay_skips_steps_that_are_not_taken() -> None:
    """Whatever is shown there, the next valid step starts from the last state taken."""
    case = random_case(random_cell(3, 4), random_cell(3, 4, seed=2), batch=2, time=5)
    assert case.initial_states is not None
    steps = np.array([[False, True, False, True, True], [True, True, False, False, False]])
    sequence = run_network(case.network, case.x, case.initial_states, steps).sequence.astype(F32)
    sequence[~steps] = 7
    layer, h0 = case.network.layers[0], case.initial_states[0]
    replayed = replay_layer(layer, case.x, h0, sequence, F32, steps=steps)
    error = np.abs(sequence - replayed.value)
    assert (error[steps] <= replayed.bound[steps]).all()
    assert np.isinf(replayed.bound[~steps]).all()
    sequence[0, 1] += np.float32(1e-3)
    wrong = np.abs(sequence - replay_layer(layer, case.x, h0, sequence, F32, steps=steps).value)
    assert (wrong[0, [1, 3]] > replayed.bound[0, [1, 3]]).any()


def test_the_forward_bound_stays_where_no_step_is_taken() -> None:
    case = random_case(random_cell(3, 4), batch=1, time=4, states=False)
    steps = np.array([[True, False, False, True]])
    bound = bound_network(case.network, case.x, None, steps).sequence.bound[0]
    assert np.array_equal(bound[0], bound[1])
    assert np.array_equal(bound[1], bound[2])


def test_an_activation_that_is_said_to_be_inexact_has_wider_bounds_where_it_is() -> None:
    cell = Cell(np.ones((1, 1), "f4"), np.zeros((1, 1), "f4"), activation="tanh")
    x = np.array([[[0.5], [3.0]]], "f4")  # h is 0.46 and 0.995

    def bounds() -> Array:
        return bound_network(Network(Layer(cell)), x).sequence.bound.ravel()

    before = bounds()
    with inexact({"tanh": Inexactness(1700, beyond=0.99)}):
        said = bounds()
    assert said[0] == before[0]
    np.testing.assert_allclose(said[1] - before[1], (1700 - 12) * 2.0**-24, rtol=1e-6)
    with inexact({"relu": Inexactness(1700)}):
        np.testing.assert_array_equal(bounds(), before)
    np.testing.assert_array_equal(bounds(), before)


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 8), st.sampled_from([0.5, 2.0, 50.0]))
@settings(max_examples=60, deadline=None)
def test_float64_that_is_computed_in_float32_is_within_the_bounds_that_are_said(
    seed: int, inputs: int, hidden: int, scale: float
) -> None:
    """Operands are rounded as well; and the bounds are those of float64 again when it is over."""
    rng = np.random.default_rng(seed)
    shapes = ((hidden, inputs), (hidden, hidden), (hidden,))
    W_x, W_h, b = (rng.normal(size=shape) * scale / np.sqrt(hidden) for shape in shapes)
    x = rng.normal(size=(2, 4, inputs)) * scale
    network = Network(Layer(Cell(W_x, W_h, b, activation="relu")))
    cell = network.astype("float32").layers[0].forward
    with float64_computed_in("float32"):
        said = bound_network(network, x).sequence
    h, computed = np.zeros((2, hidden), F32), []
    for t in range(4):
        h = np.maximum(x[:, t].astype(F32) @ cell.W_x.T + h @ cell.W_h.T + cell.bias, F32.type(0))
        computed.append(h)
    error = np.abs(np.stack(computed, axis=1) - said.value)
    assert (error <= said.bound).all()
    assert (bound_network(network, x).sequence.bound < said.bound).all()
    assert error.max() > bound_network(network, x).sequence.bound.max() or error.max() == 0
