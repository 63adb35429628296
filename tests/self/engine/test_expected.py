"""What the reference gives for a case is computed once, and anew for every other case."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_conformance.engine import expected
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.expected import bounds_of, bounds_of_layers
from rnn_reference.bounds import bound_network
from rnn_reference.network import Cell, Layer, Network

ONE = np.ones((1, 1), np.float32)


def case(activation: str = "tanh", layers: int = 1, x: float = 0.5) -> Case:
    cell = Cell(ONE.copy(), ONE.copy(), activation=activation)
    return Case.of(Network([Layer(cell)] * layers), np.full((1, 2, 1), x, np.float32))


def test_the_same_call_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = bounds_of_layers(case(x=0.625))
    monkeypatch.setattr(expected, "bound_layers", None)
    assert bounds_of_layers(case(x=0.625)) is computed


def test_it_is_what_the_reference_gives() -> None:
    one = case(layers=2)
    for found, wanted in zip(
        (bounds_of(one).sequence, *bounds_of(one).final_states),
        (bound_network(one.network, one.x).sequence, *bound_network(one.network, one.x).final_states),
        strict=True,
    ):
        assert np.array_equal(found.value, wanted.value)
        assert np.array_equal(found.bound, wanted.bound)


@pytest.mark.parametrize(
    "other",
    [
        case(activation="relu"),
        case(layers=2),
        case(x=0.25),
        case().replace(initial_states=(np.ones((1, 1, 1), np.float32),)),
        case().replace(lengths=np.array([1])),
        case().mapped(lambda array: array.astype(np.float64)),
        case().replace(network=Network(Layer(Cell(ONE, ONE, ONE[0])))),
    ],
    ids=["activation", "layers", "input", "states", "lengths", "dtype", "bias"],
)
def test_another_call_is_computed_anew(other: Case) -> None:
    one, another = (bounds_of(each).sequence for each in (case(), other))
    assert (one.value[0, 1, 0], one.bound[0, 1, 0]) != (another.value[0, 1, 0], another.bound[0, 1, 0])


def test_numbers_that_were_written_over_are_computed_anew() -> None:
    one = case()
    before = bounds_of(one).sequence.value.copy()
    one.network.cells[0].W_x[...] = 2
    assert not np.array_equal(bounds_of(one).sequence.value, before)


def test_nobody_writes_into_what_is_kept() -> None:
    with pytest.raises(ValueError, match="read-only"):
        bounds_of(case()).sequence.value[...] = 0
