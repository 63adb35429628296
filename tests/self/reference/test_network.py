from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from helpers import random_cell

from rnn_reference import BadInput, Cell, Layer, Network, run_network

W_x, W_h, b = np.ones((3, 10)), np.ones((3, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cell(W_x[0], W_h), "Cell.W_x: expected 2 axes; got shape (10,)"),
        (lambda: Cell(W_x, np.ones((3, 4))), "Cell.W_h: expected shape (3, 3); got (3, 4)"),
        (lambda: Cell(W_x, W_h, np.ones(4)), "Cell.b: expected shape (3,); got (4,)"),
        (lambda: Cell(W_x, W_h, b, np.ones((3, 1))), "Cell.b_h: expected shape (3,); got (3, 1)"),
        (lambda: Cell(W_x, W_h, None, b), "Cell.b_h: a second bias was given without a first"),
        (lambda: Cell(W_x, W_h.astype("f4")), "Cell.W_h: expected dtype float64"),
        (
            lambda: Cell(W_x.astype(int), W_h),
            "Cell.W_x: expected dtype float16, bfloat16, float32 or float64; got int64",
        ),
        (lambda: Cell(W_x * np.nan, W_h), "Cell.W_x: expected finite weights; got NaN or infinity"),
        (lambda: Cell(W_x, W_h * np.inf), "Cell.W_h: expected finite weights; got NaN or infinity"),
        (lambda: Cell([[1.0], [1.0, 2.0]], W_h), "Cell.W_x: expected an array; got something ragged"),  # type: ignore[arg-type]
        (lambda: Cell(W_x, W_h, activation="gelu"), "Cell.activation: expected one of tanh, relu"),
        (lambda: Layer(None), "Layer.forward: expected a Cell; got NoneType"),  # type: ignore[arg-type]
        (lambda: Layer(random_cell(2, 3), random_cell(2, 4)), "Layer.backward: expected hidden_size 3"),
        (lambda: Network([]), "Network.layers: expected at least one Layer"),
        (lambda: Network([random_cell(2, 3)]), "Network.layers[0]: expected a Layer; got Cell"),  # type: ignore[list-item]
        (
            lambda: Network([Layer(random_cell(2, 3)), Layer(random_cell(4, 3))]),
            "Network.layers[1]: expected input_size 3, the output size of layer 0; got 4",
        ),
        (
            lambda: Network([Layer(random_cell(2, 3)), Layer(random_cell(3, 3, dtype="float64"))]),
            "Network.layers[1]: expected dtype float32",
        ),
    ],
)
def test_bad_weights_are_refused_by_name(make: Callable[[], object], message: str) -> None:
    with pytest.raises(BadInput) as error:
        make()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("x", "states", "message"),
    [
        (np.ones((2, 10)), None, "x: expected shape (any, any, 10); got (2, 10)"),
        (np.ones((2, 4, 9)), None, "x: expected shape (any, any, 10); got (2, 4, 9)"),
        (np.ones((2, 4, 10), "f4"), None, "x: expected dtype float64"),
        (np.ones((2, 4, 10)), (), "initial_states: expected one per layer (1); got 0"),
        (np.ones((2, 4, 10)), (np.ones((1, 1, 3)),), "initial_states[0]: expected shape (1, 2, 3)"),
        (np.ones((2, 4, 10)), (np.ones((2, 3)),), "initial_states[0]: expected shape (1, 2, 3)"),
    ],
)
def test_bad_calls_are_refused_by_name(x: object, states: object, message: str) -> None:
    with pytest.raises(BadInput) as error:
        run_network(Network(Layer(Cell(W_x, W_h, b))), x, states)
    assert message in str(error.value)


def test_sizes_of_a_stack() -> None:
    network = Network([Layer(random_cell(4, 8), random_cell(4, 8)), Layer(random_cell(16, 5))])
    assert (network.input_size, network.output_size, network.num_layers) == (4, 5, 2)
    assert network.state_shapes(7) == ((2, 7, 8), (1, 7, 5))


def test_the_bias_of_a_cell_is_the_sum_of_its_vectors() -> None:
    assert Cell(W_x, W_h).bias.tolist() == [0, 0, 0]
    assert Cell(W_x, W_h, b, 2 * b).bias.tolist() == [3, 3, 3]
