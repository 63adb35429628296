"""The bound of quantised factors: a step computed on grids stays within it, and comes near it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnn_reference import BadInput, Cell, Layer, Network, Quantised, bound_network, replay_layer
from rnn_reference.network import Array

EIGHT_BITS = Quantised(
    weight_intervals=127.5, input_intervals=127, least_weight_spacing=2.0**-23, least_input_spacing=6.1e-5
)
FLOAT = np.float32
EDGES = (1e-30, 1e-6, 1e-4, 1.0, 1e3, 1e30)
"""Sizes of numbers, among them such as are below half of a least spacing."""


def weights_on_grid(W: Array, bits: int = 8) -> Array:
    """Integers of so many bits times a spacing, all in float32."""
    end = FLOAT(2 ** (bits - 1))
    spacing = max(np.abs(W).max() / (end - FLOAT(0.5)), FLOAT(2.0**-23))
    found: Array = np.clip(np.rint(W * (FLOAT(1) / spacing)), -end, end - 1) * spacing
    return found


def inputs_on_grid(x: Array, intervals: int = 127) -> Array:
    """Integers above a zero point, which is itself one, times a spacing."""
    low, high = float(x.min(initial=0)), float(x.max(initial=0))
    spacing = FLOAT(max((high - low) / intervals, 6.1e-5))
    zero = FLOAT(np.rint(min(-low / float(spacing), intervals)))
    multiples: Array = np.clip(np.rint(x * (FLOAT(1) / spacing)) + zero, 0, 255) - zero
    return multiples * spacing


def stepped(cell: Cell, x: Array, h: Array, bits: int = 8) -> Array:
    """The states after each time step (batch, time, hidden), computed in float32 on grids."""
    W_x, W_h, states = weights_on_grid(cell.W_x, bits), weights_on_grid(cell.W_h, bits), list[Array]()
    for x_t in x.swapaxes(0, 1):
        z = inputs_on_grid(x_t) @ W_x.T + inputs_on_grid(h) @ W_h.T + cell.bias
        h = np.tanh(z) if cell.activation.name == "tanh" else np.maximum(z, FLOAT(0))
        assert h.dtype == FLOAT
        states.append(h)
    return np.stack(states, axis=1)


def drawn(seed: int, sizes: tuple[int, int, int, int] | None = None) -> tuple[Layer, Array, Array]:
    """A layer of one direction, an input and an initial state, some of them very small or large."""
    rng = np.random.default_rng(seed)
    batch, time, features, units = sizes or rng.integers(1, 9, 4)
    scale = 1.0 if sizes else rng.choice(EDGES)

    def numbers(*shape: int) -> Array:
        found: Array = (rng.normal(size=shape) * rng.choice((scale, 1.0))).astype(FLOAT)
        return found

    activation = ("tanh", "relu")[seed % 2]
    W_x = numbers(units, features) / FLOAT(np.sqrt(features))
    W_h = numbers(units, units) / FLOAT(2 * np.sqrt(units))
    cell = Cell(W_x, W_h, numbers(units), activation=activation)
    return Layer(cell), numbers(batch, time, features), numbers(1, batch, units)


def ratios(seed: int, bits: int = 8, sizes: tuple[int, int, int, int] | None = None) -> Array:
    """Error ÷ bound of every step from the state before it, where there is a claim."""
    layer, x, h0 = drawn(seed, sizes)
    with np.errstate(over="ignore", invalid="ignore"):
        states = stepped(layer.forward, x, h0[0], bits)
        replayed = replay_layer(layer, x, h0, states, "float32", quantised=EIGHT_BITS)
        claimed = np.isfinite(replayed.bound) & (replayed.bound > 0)
        error = np.abs(states - replayed.value)[claimed]
    found: Array = error / replayed.bound[claimed]
    return found


def test_steps_on_grids_are_within_the_bound() -> None:
    found = np.concatenate([ratios(seed) for seed in range(2000)])
    assert found.size > 50_000
    assert found.max() <= 1


def test_the_bound_is_reached() -> None:
    """By one product, nearly; by those of a few units, to a good share."""
    single = np.concatenate([ratios(seed, sizes=(2, 6, 1, 1)) for seed in range(500)])
    several = np.concatenate([ratios(seed, sizes=(2, 6, 3, 4)) for seed in range(500)])
    assert single.max() > 0.9
    assert several.max() > 0.6


def test_four_bits_are_out_of_bound() -> None:
    shares = [float(ratios(seed, bits=4, sizes=(2, 6, 3, 4)).max(initial=0) > 1) for seed in range(200)]
    assert np.mean(shares) > 0.9


def test_whole_sequences_are_within_the_forward_bound() -> None:
    """Of stacked layers and of two directions, whose states are known to within bounds themselves."""
    worst = 0.0
    for seed in range(200):
        (layer, x, _), (other, _, _) = drawn(seed, (3, 4, 2, 3)), drawn(seed, (3, 4, 6, 3))
        bottom = Layer(layer.forward, drawn(seed + 1, (3, 4, 2, 3))[0].forward)
        network, zeros = Network([bottom, other]), np.zeros((3, 3), FLOAT)
        forward = stepped(bottom.forward, x, zeros)
        assert bottom.backward is not None
        backward = stepped(bottom.backward, x[:, ::-1], zeros)[:, ::-1]
        top = stepped(other.forward, np.concatenate([forward, backward], axis=-1), zeros)
        bounded = bound_network(network, x, quantised=EIGHT_BITS)
        worst = max(worst, float((np.abs(top - bounded.sequence.value) / bounded.sequence.bound).max()))
    assert 0.05 < worst <= 1


def test_zeros_stay_exact_and_small_numbers_lose_no_more_than_themselves() -> None:
    x = np.array([[[0.0, 1e-9, 1.0]]])
    assert EIGHT_BITS.input_error(x).ravel().tolist() == pytest.approx([0, 1e-9, 1 / 254], rel=1e-4)
    W = np.array([[0.0, 1e-9], [-1.0, 0.5]])
    assert EIGHT_BITS.weight_error(W).ravel().tolist() == pytest.approx([0, 1e-9, 1 / 255, 1 / 255], rel=1e-4)
    assert EIGHT_BITS.weight_error(np.zeros((2, 2))).max() == 0


def test_a_range_is_that_of_the_batch_in_a_time_step() -> None:
    x = np.array([[[1.0], [2.0]], [[-1.0], [6.0]]])
    grids = Quantised(weight_intervals=1, input_intervals=2)
    assert grids.input_error(x)[0].ravel().tolist() == pytest.approx([0.5, 1.5], rel=1e-4)
    wider = grids.input_error(x, np.full(x.shape, 1.0))
    assert wider[0].ravel().tolist() == pytest.approx([1.0, 1.75], rel=1e-4)


def test_where_a_range_has_no_end_nothing_is_claimed() -> None:
    x = np.array([[[1.0]], [[np.inf]]], FLOAT)
    cell = Cell(np.ones((1, 1), FLOAT), np.ones((1, 1), FLOAT))
    bounded = bound_network(Network([Layer(cell)]), x, quantised=EIGHT_BITS)
    assert bounded.last.bound.ravel().tolist() == [np.inf, np.inf]


def test_rows_of_no_batch_have_no_error() -> None:
    assert EIGHT_BITS.input_error(np.zeros((0, 3, 2))).shape == (0, 3, 2)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"weight_intervals": 0}, "Quantised.weight_intervals: expected a finite number above 0; got 0"),
        ({"input_intervals": -1.0}, "Quantised.input_intervals: expected a finite number above 0; got -1.0"),
        ({"input_intervals": np.inf}, "Quantised.input_intervals: expected a finite number above 0; got inf"),
        (
            {"least_input_spacing": -1.0},
            "Quantised.least_input_spacing: expected a finite number of 0 or more; got -1.0",
        ),
    ],
)
def test_grids_that_are_none_are_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        Quantised(**{"weight_intervals": 127.5, "input_intervals": 127.0} | changed)
    assert str(refused.value) == words
