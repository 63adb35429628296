"""The bound of quantised factors: steps on grids, or with narrow weights, are within it, and come near it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
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


IN_FLOAT16 = Quantised(weight_dtype="float16")


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


def in_float16(a: Array) -> Array:
    """Rounded to nearest float16 by scaling: multiples of 2⁻²⁴, or of 11 significant bits, up to 65504."""
    wide = a.astype(np.float64)
    _, exponents = np.frexp(wide)
    spacing = np.exp2(np.maximum(exponents - 11, -24).astype(np.float64))
    found: Array = (np.rint(wide / spacing) * spacing).clip(-65504, 65504).astype(a.dtype)
    return found


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (0.1, 0.0999755859375),
        (1 + 2.0**-11, 1.0),  # halfway, to the even one
        (1 + 3 * 2.0**-11, 1 + 2.0**-9),
        (2.0**-24, 2.0**-24),
        (1.5 * 2.0**-24, 2.0**-23),
        (2.0**-25, 0.0),
        (-65504.0, -65504.0),
        (65519.0, 65504.0),
        (65520.0, 65504.0),  # of which float16 itself makes infinity
        (-1e30, -65504.0),
    ],
)
def test_weights_become_the_nearest_number_of_a_type(given: float, kept: float) -> None:
    cell = Cell(np.full((1, 1), given, FLOAT), np.full((1, 1), given, FLOAT), np.full(1, given, FLOAT))
    multiplied = IN_FLOAT16.multiplied(cell)
    assert multiplied.W_x.item() == multiplied.W_h.item() == kept == in_float16(cell.W_x).item()
    assert multiplied.b is cell.b
    assert multiplied.dtype == FLOAT


def test_weights_become_the_nearest_of_bfloat16_too() -> None:
    cell = Cell(np.array([[1.005, 3.4e38]], FLOAT), np.array([[-0.1]], FLOAT))
    multiplied = Quantised(weight_dtype="bfloat16").multiplied(cell)
    assert multiplied.W_x.tolist() == [[1.0078125, (2 - 2.0**-7) * 2.0**127]]
    assert multiplied.W_h.item() == -0.10009765625


def narrow_ratios(seed: int, rounded: Callable[[Array], Array], inputs: Callable[[Array], Array]) -> Array:
    """Error ÷ bound of every step of a layer that rounds weights and inputs so, where there is a claim."""
    layer, x, h = drawn(seed)
    W_x, W_h, states = rounded(layer.forward.W_x), rounded(layer.forward.W_h), list[Array]()
    h0, of = h, layer.forward
    with np.errstate(over="ignore", invalid="ignore"):
        (h,) = h
        for x_t in x.swapaxes(0, 1):
            z = inputs(x_t) @ W_x.T + inputs(h) @ W_h.T + of.bias
            h = np.tanh(z) if of.activation.name == "tanh" else np.maximum(z, FLOAT(0))
            states.append(h)
        sequence = np.stack(states, axis=1)
        replayed = replay_layer(layer, x, h0, sequence, "float32", quantised=IN_FLOAT16)
        claimed = np.isfinite(replayed.bound) & (replayed.bound > 0)
        found: Array = np.abs(sequence - replayed.value)[claimed] / replayed.bound[claimed]
    return found


def as_given(a: Array) -> Array:
    """Not rounded."""
    return a


def test_steps_with_narrow_weights_are_within_the_bound() -> None:
    found = np.concatenate([narrow_ratios(seed, in_float16, as_given) for seed in range(300)])
    assert found.size > 8_000
    assert 0.1 < found.max() <= 1


@pytest.mark.parametrize(
    ("rounded", "inputs"),
    [
        (as_given, as_given),
        (in_float16, in_float16),
        (lambda W: W.astype(ml_dtypes.bfloat16).astype(FLOAT), as_given),
        (weights_on_grid, as_given),
    ],
    ids=["weights as given", "inputs too", "bfloat16", "eight bits"],
)
def test_other_roundings_are_out_of_bound(
    rounded: Callable[[Array], Array], inputs: Callable[[Array], Array]
) -> None:
    shares = [float(narrow_ratios(seed, rounded, inputs).max(initial=0) > 1) for seed in range(50)]
    assert np.mean(shares) > 0.5  # of numbers that are very small or large, nothing is seen


def test_a_bound_of_narrow_weights_is_that_of_a_network_of_them() -> None:
    layer, x, _ = drawn(3)
    rounded = Network([Layer(IN_FLOAT16.multiplied(layer.forward))])
    one, other = bound_network(Network([layer]), x, quantised=IN_FLOAT16), bound_network(rounded, x)
    assert np.array_equal(one.sequence.value, other.sequence.value)
    assert np.array_equal(one.sequence.bound, other.sequence.bound)


def test_weights_on_a_grid_may_be_multiplied_with_inputs_as_they_are() -> None:
    x = np.array([[[0.3, 1.0]]])
    assert Quantised(weight_intervals=127).input_error(x).tolist() == [[[0, 0]]]
    assert Quantised(weight_intervals=127).unit_roundoff == 1 / 254
    assert Quantised(weight_dtype="float16", input_intervals=2).weight_error(x[0]).tolist() == [[0, 0]]


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


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Quantised: expected weight_intervals or weight_dtype; got neither"),
        (
            {"weight_intervals": 2.0, "weight_dtype": "float16"},
            "Quantised: expected weight_intervals or weight_dtype; got both",
        ),
        (
            {"weight_dtype": "float32"},
            "Quantised.weight_dtype: expected one of float16, bfloat16; got 'float32'",
        ),
        (
            {"weight_dtype": "float16", "least_input_spacing": 1.0},
            "Quantised.least_input_spacing: expected 0 without input_intervals; got 1.0",
        ),
    ],
)
def test_roundings_that_are_none_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        Quantised(**given)
    assert str(refused.value) == words
