"""What only MXNet can show: run where RNN_CONFORMANCE_MXNET names the Python of its environment."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell

from rnn_adapters import Call, load_adapter, load_framework
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import bound_network

ROUTES = ("", *load_framework("mxnet").routes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_first_call(route: str, dtype: str) -> None:
    case = random_case(random_cell(2, 3, dtype=dtype))
    adapter = load_adapter("mxnet", route)
    before = adapter.global_state()
    output = adapter.run(adapter.load(case.network), Call(case.x))
    assert output.sequence is not None
    expected = bound_network(case.network, case.x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()
    assert adapter.global_state() == before


@pytest.mark.parametrize("route", ROUTES)
def test_weights_that_are_assigned_are_read_back_and_called(route: str) -> None:
    adapter, case = load_adapter("mxnet", route), random_case(random_cell(2, 3))
    other = random_case(random_cell(2, 3, seed=1)).network
    model = adapter.load(case.network)
    adapter.run(model, case.call)
    adapter.assign_weights(model, other)
    np.testing.assert_array_equal(adapter.read_weights(model).cells[0].W_h, other.cells[0].W_h)
    output = adapter.run(model, case.call).sequence
    assert output is not None
    expected = bound_network(other, case.x, case.initial_states).sequence
    assert (abs(output - expected.value) <= expected.bound).all()


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    assert not coverage_of(Subject(load_framework("mxnet")), PROFILES["quick"]).missing
