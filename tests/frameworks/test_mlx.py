"""What only MLX can show: run where it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import derivative_texts, ended_here, right_texts, typed_text
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Cell, Layer, Network, bound_network

ROUTES = ("", *load_framework("mlx").routes)
RECORDS = records_of("mlx")
IMPORTS_NOTHING = "import rnn_adapters.mlx, sys; assert 'mlx' not in sys.modules"


def test_it_is_not_imported_before_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS_NOTHING], check=True)


@pytest.mark.parametrize("route", ROUTES)
def test_a_first_call(route: str) -> None:
    case = random_case(random_cell(2, 3))
    adapter = load_adapter("mlx", route)
    output = adapter.run(adapter.load(case.network), Call(case.x))
    assert output.sequence is not None
    expected = bound_network(case.network, case.x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "exported"])
def test_what_is_loaded_is_what_is_called(route: str) -> None:
    """A weight changed in it is read back, and changes the output to that of a network that has it."""
    adapter, case = load_adapter("mlx", route), random_case(random_cell(2, 3))
    model = adapter.load(case.network)
    adapter.run(model, case.call)
    model.stack.layers[0].Wxh = model.stack.layers[0].Wxh + 1
    changed = adapter.read_weights(model)
    after = adapter.run(model, case.call).sequence
    assert after is not None
    expected = bound_network(changed, case.x, case.initial_states).sequence
    assert changed.cells[0].W_x[0, 0] == case.network.cells[0].W_x[0, 0] + np.float32(1)
    assert (abs(after - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("route", ["", "vjp", "checkpoint", "compiled"])
def test_weights_are_numbers_again_after_a_derivative(route: str) -> None:
    adapter, case = load_adapter("mlx", route), random_case(random_cell(2, 3))
    model = adapter.load(case.network)
    assert case.initial_states is not None
    ones = np.ones((*case.x.shape[:2], 3), np.float32)
    adapter.gradients(model, case.call, ones, tuple(map(np.ones_like, case.initial_states)))
    np.testing.assert_array_equal(adapter.read_weights(model).cells[0].W_h, case.network.cells[0].W_h)


def test_what_is_restored_shares_no_memory() -> None:
    adapter, case = load_adapter("mlx"), random_case(random_cell(2, 3))
    model = adapter.load(case.network)
    restored = adapter.restored(model)
    adapter.assign_weights(model, Network([Layer(Cell(np.zeros((3, 2), "f4"), np.zeros((3, 3), "f4")))]))
    np.testing.assert_array_equal(adapter.read_weights(restored).cells[0].W_h, case.network.cells[0].W_h)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_arrays_keep_their_type_and_numbers(dtype: Any) -> None:
    from rnn_adapters.mlx.adapter import array, tensor

    numbers = (np.arange(12).reshape(3, 4) / 7).astype(dtype)
    for given in (numbers, numbers[:, ::-1], numbers[::2], numbers.T):
        found = array(tensor(given))
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, given)


def test_a_seed_tells_the_initial_weights() -> None:
    adapter, like = load_adapter("mlx"), random_case(random_cell(2, 3)).network
    one, same, other = (adapter.freshly_initialised(like, seed).cells[0] for seed in (1, 1, 2))
    assert (one.W_x == same.W_x).all()
    assert (one.W_x != other.W_x).any()


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    assert not coverage_of(Subject(load_framework("mlx")), PROFILES["quick"]).missing


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_script_of_a_record_shows_it(record: Deviation, tmp_path: Path) -> None:
    expect_shown("mlx", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("mlx", record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("mlx")
    for text in right_texts(framework, route, RECORDS):
        assert not ended_here(text, tmp_path), text


def test_a_script_asks_for_a_type_that_numpy_does_not_have(tmp_path: Path) -> None:
    framework = load_framework("mlx")
    assert not ended_here(typed_text(framework, "bfloat16"), tmp_path)
    assert "expected float16; got" in ended_here(typed_text(framework, "float16"), tmp_path)


def test_a_script_of_a_derivative_that_is_right_ends_well(tmp_path: Path) -> None:
    framework = load_framework("mlx")
    for text in derivative_texts(framework):
        assert not ended_here(text, tmp_path), text
