"""Plain gradient descent of the reference: by differences, within its bounds in float32, and its loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import random_cell

from rnn_adapters import Call
from rnn_adapters.surface import Training
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference import BadInput, Layer, Network, backpropagate, bound_loss, gradient_descent, run_network
from rnn_reference.network import Array, States
from rnn_reference.training import with_weights

RATE = 0.125


def network(dtype: str) -> Network:
    """Two layers, the lower one bidirectional."""
    cells = [random_cell(3, 4, seed=seed, dtype=dtype, biases=2) for seed in (0, 1)]
    return Network([Layer(*cells), Layer(random_cell(8, 2, seed=2, dtype=dtype))])


def given(dtype: str) -> tuple[Network, Array, States, Array, Array]:
    """Network, input, initial states, d and the valid time steps."""
    rng = np.random.default_rng(3)
    net = network(dtype)
    states = tuple(rng.normal(size=shape).astype(dtype) for shape in net.state_shapes(2))
    mask = np.array([[True, False, True, True], [True] * 4])
    d = rng.normal(size=(2, 4, 2)).astype(dtype) * mask[:, :, None]
    return net, rng.normal(size=(2, 4, 3)).astype(dtype), states, np.asarray(d, dtype), mask


def test_a_step_is_the_weights_minus_the_rate_times_the_gradient() -> None:
    net, x, states, d, mask = given("float64")
    after = gradient_descent(net, x, states, d, RATE, mask)
    gradients = backpropagate(net, x, states, d, None, mask).cells
    for cell, of_cell, weights in zip(net.cells, gradients, after, strict=True):
        assert list(weights) == ["W_x", "W_h", "b", "b_h"][: len(weights)]
        for role, bounded in weights.items():
            expected = getattr(cell, role) - RATE * getattr(of_cell, role)
            assert abs(bounded.value - expected).max() < 1e-15


def test_the_loss_goes_down_as_the_gradient_says() -> None:
    net, x, states, d, mask = given("float64")
    before = bound_loss(net, x, states, d, mask)
    result = run_network(net, x, states, mask)
    assert abs(float(before.value) - float((d * result.sequence).sum())) < 1e-12
    rate = 2.0**-20
    after = gradient_descent(net, x, states, d, rate, mask)
    rounded = [{role: np.asarray(w.value, "float64") for role, w in of_cell.items()} for of_cell in after]
    lower = bound_loss(with_weights(net, tuple(rounded)), x, states, d, mask)
    squares = sum(
        float((np.asarray(array, float) ** 2).sum())
        for cell in backpropagate(net, x, states, d, None, mask).cells
        for array in cell
        if array is not None
    )
    assert float(before.value - lower.value) == pytest.approx(rate * squares, rel=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_float32_stays_within_the_bounds(seed: int) -> None:
    net, x, states, d, mask = given("float32")
    x = np.roll(x, seed)
    plain = PlainNumpy()
    found = plain.trained(plain.load(net), Call(x, states, mask=mask), Training(d, RATE))
    expected = gradient_descent(net, x, states, d, RATE, mask)
    for cell, weights in zip(found.networks[0].cells, expected, strict=True):
        for role, bounded in weights.items():
            error: Any = abs(getattr(cell, role).astype(float) - bounded.value)
            assert (error <= bounded.bound).all()
            assert bounded.bound.max() < 1e-3
    loss = bound_loss(net, x, states, d, mask)
    assert abs(found.losses[0] - float(loss.value)) <= float(loss.bound) < 1e-3


def test_what_does_not_fit_is_refused() -> None:
    net, x, states, d, mask = given("float64")
    with pytest.raises(BadInput, match="d_sequence"):
        gradient_descent(net, x, states, d[:, :-1], RATE, mask)
