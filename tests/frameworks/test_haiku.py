"""What only Haiku can show: run where it is installed."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from devices import expect_device
from docs import documents_for, run_examples
from reproductions import derivative_texts, ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Adapter, Call, load_adapter, load_framework
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Cell, Layer, Network, bound_network

ROUTES = ("", *load_framework("haiku").routes)
RECORDS = records_of("haiku")
ABSENT = load_framework("haiku").absent_routes()


def adapter_of(route: str) -> Adapter[Any]:
    """The adapter of a route; where this machine lacks its device, the CPU stands in for it."""
    from rnn_adapters.haiku.routes import ROUTES as PARTS
    from rnn_adapters.haiku.routes import adapter_with

    return adapter_with(replace(PARTS[route], device="cpu") if route in ABSENT else PARTS[route])


def test_the_route_to_a_device_passes_its_clause() -> None:
    expect_device(load_framework("haiku"), "gpu", partial(adapter_of, "gpu"), RECORDS)


def network_of(sizes: tuple[int, ...] = (3,), biases: int = 2) -> Network:
    """Layers of these sizes above an input of 2."""
    rng, layers = np.random.default_rng(0), []
    for inputs, hidden in zip((2, *sizes), sizes, strict=False):
        W_x, W_h, b, b_h = (
            rng.normal(size=size).astype("f4")
            for size in ((hidden, inputs), (hidden, hidden), hidden, hidden)
        )
        layers.append(Layer(Cell(W_x, W_h, b, b_h if biases == 2 else None, "relu")))
    return Network(layers)


def input_of() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(1).normal(size=(4, 5, 2)).astype("f4")


@pytest.mark.parametrize("path", documents_for("haiku"), ids=lambda path: path.name)
def test_examples_of_the_documents(path: Path) -> None:
    assert run_examples(path, frameworks=("haiku",))


@pytest.mark.parametrize("sizes", [(3,), (3, 4)])
@pytest.mark.parametrize("route", ROUTES)
def test_a_first_call(route: str, sizes: tuple[int, ...]) -> None:
    network, x, adapter = network_of(sizes), input_of(), adapter_of(route)
    output = adapter.run(adapter.load(network), Call(x))
    assert output.sequence is not None
    expected = bound_network(network, x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_loaded_is_what_runs(route: str) -> None:
    """Weights that are assigned to what was loaded are those of every later call."""
    network, x, adapter = network_of(), input_of(), adapter_of(route)
    other, model = network.mapped(lambda array: array / 2), adapter.load(network)
    adapter.run(model, Call(x))
    adapter.assign_weights(model, other)
    output, expected = adapter.run(model, Call(x)), bound_network(other, x).sequence
    assert output.sequence is not None
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


def test_one_bias_is_stored_as_one() -> None:
    network, adapter = network_of(), load_adapter("haiku", "one bias")
    model = adapter.load(network)
    assert adapter.count_parameters(model) == 3 * 2 + 3 * 3 + 3
    assert load_adapter("haiku").count_parameters(load_adapter("haiku").load(network)) == 3 * 2 + 3 * 3 + 6


def test_skips_have_weights_of_zero_which_are_no_part_of_the_network() -> None:
    """The upper core is given the input, too, which stands before the outputs of the lower one."""
    network, adapter = network_of((3, 4)), load_adapter("haiku", "skip connections")
    held = adapter.load(network).held
    upper = held["vanilla_rnn_1/linear"]["w"]
    assert upper.shape == (2 + 3, 4)
    assert not upper[:2].any()
    np.testing.assert_array_equal(upper[2:].T, network.cells[1].W_x)


def test_float64_is_asked_for_where_a_network_has_it_and_nowhere_else() -> None:
    network, adapter = network_of().astype("float64"), load_adapter("haiku")
    sequence = adapter.run(adapter.load(network), Call(input_of().astype("f8"))).sequence
    assert sequence is not None
    assert sequence.dtype == np.float64
    assert adapter.global_state()["jax_enable_x64"] == "False"


def test_fresh_weights_are_those_of_the_seed() -> None:
    adapter, like = load_adapter("haiku"), network_of()
    one, again, other = (adapter.freshly_initialised(like, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.cells[0].W_h, again.cells[0].W_h)
    assert not np.array_equal(one.cells[0].W_h, other.cells[0].W_h)


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    assert not coverage_of(Subject(load_framework("haiku")), PROFILES["quick"]).missing


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_script_of_a_record_shows_it(record: Deviation, tmp_path: Path) -> None:
    expect_shown("haiku", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("haiku", record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("haiku")
    for text in right_texts(framework, route, RECORDS):
        here = text.replace(f'"{route}"', '"cpu"') if route in ABSENT else text
        assert not ended_here(here, tmp_path), here


def test_a_script_of_a_derivative_that_is_right_ends_well(tmp_path: Path) -> None:
    framework = load_framework("haiku")
    for text in derivative_texts(framework):
        assert not ended_here(text, tmp_path), text
