from __future__ import annotations

import pytest
from helpers import random_cell

from rnn_reference import BadInput, Layer, Network, cell_parameters, network_parameters, stack_parameters


def test_the_worked_examples() -> None:
    assert cell_parameters(10, 3) == 42
    assert cell_parameters(10, 3, bias_vectors=2) == 45
    assert cell_parameters(10, 3, bias_vectors=0) == 39
    assert stack_parameters(4, 8, num_layers=2) == 240
    assert stack_parameters(4, 8, directions=2) == 208
    assert stack_parameters(4, 8, num_layers=4, directions=2) == 1408
    assert stack_parameters(4, 8, num_layers=4, directions=2, bias_vectors=2) == 1472


@pytest.mark.parametrize("biases", [0, 1, 2])
@pytest.mark.parametrize("directions", [1, 2])
def test_formula_and_arrays_agree(biases: int, directions: int) -> None:
    def layer(size: int) -> Layer:
        return Layer(*(random_cell(size, 8, biases=biases) for _ in range(directions)))

    network = Network([layer(4), layer(8 * directions), layer(8 * directions)])
    held = sum(w.size for cell in network.cells for w in (cell.W_x, cell.W_h, *cell.biases))
    formula = stack_parameters(4, 8, num_layers=3, directions=directions, bias_vectors=biases)
    assert network_parameters(network) == formula == held


def test_stored_bias_vectors_override_those_given_but_not_their_absence() -> None:
    assert network_parameters(Network(Layer(random_cell(10, 3, biases=1))), bias_vectors=2) == 45
    assert network_parameters(Network(Layer(random_cell(10, 3, biases=2))), bias_vectors=1) == 42
    assert network_parameters(Network(Layer(random_cell(10, 3, biases=0))), bias_vectors=2) == 39


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bias_vectors": 3}, "bias_vectors: expected 0, 1 or 2; got 3"),
        ({"num_layers": 0}, "num_layers: expected at least 1; got 0"),
        ({"directions": 3}, "directions: expected 1 or 2; got 3"),
    ],
)
def test_bad_arguments(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        stack_parameters(4, 8, **arguments)
