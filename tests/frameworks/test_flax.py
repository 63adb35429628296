"""What only Flax can show: run where it is installed."""

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
from rnn_adapters.jax_devices import missing_device
from rnn_conformance.engine.deviations import Deviation, listed
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.strategies import FORMS
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Cell, Layer, Network, bound_network

NAMES = ("flax-nnx", "flax-linen")
RECORDS = [(name, record) for name in NAMES for record in records_of(name)]
ROUTES = [(name, route) for name in NAMES for route in ("", *load_framework(name).routes)]
ABSENT = load_framework("flax-nnx").absent_routes()


def adapter_of(name: str, route: str) -> Adapter[Any]:
    """The adapter of a route; where this machine lacks its device, the CPU stands in for it."""
    from rnn_adapters.flax.routes import adapter_with, parts_of

    parts = parts_of(name)[route]
    return adapter_with(name, replace(parts, device="cpu") if route in ABSENT else parts)


@pytest.mark.parametrize("name", NAMES)
def test_the_route_to_a_device_passes_its_clause(name: str) -> None:
    expect_device(load_framework(name), "gpu", partial(adapter_of, name, "gpu"), records_of(name))


def test_a_device_that_is_not_there_is_told() -> None:
    assert not missing_device("cpu")
    assert missing_device("abacus") == ["a device 'abacus' that JAX sees"]


def network_of(activation: str = "tanh", seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    W_x, W_h, b = (rng.normal(size=size).astype("f4") for size in ((3, 2), (3, 3), 3))
    return Network([Layer(Cell(W_x, W_h, b, activation=activation))])


def input_of(seed: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=(4, 5, 2)).astype("f4")


@pytest.mark.parametrize("path", documents_for("flax"), ids=lambda path: path.name)
def test_examples_of_the_documents(path: Path) -> None:
    assert run_examples(path, frameworks=("flax",))


@pytest.mark.parametrize(("name", "route"), ROUTES)
def test_a_first_call(name: str, route: str) -> None:
    network, x = network_of(), input_of()
    adapter = adapter_of(name, route)
    output = adapter.run(adapter.load(network), Call(x))
    assert output.sequence is not None
    expected = bound_network(network, x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize(("name", "route"), ROUTES)
def test_what_is_loaded_is_what_runs(name: str, route: str) -> None:
    """Weights that are assigned to what was loaded are read from it, and are those of every later call."""
    network, x = network_of(), input_of()
    other, adapter = network.mapped(lambda array: array / 2), adapter_of(name, route)
    model = adapter.load(network)
    adapter.run(model, Call(x))
    adapter.assign_weights(model, other)
    held, output = adapter.read_weights(model), adapter.run(model, Call(x))
    assert output.sequence is not None
    np.testing.assert_array_equal(held.cells[0].W_h, other.cells[0].W_h)
    expected = bound_network(other, x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_restored_are_other_weights(name: str) -> None:
    network, adapter = network_of(), load_adapter(name)
    model = adapter.load(network)
    restored = adapter.restored(model)
    adapter.assign_weights(model, network.mapped(lambda array: array / 2))
    np.testing.assert_array_equal(adapter.read_weights(restored).cells[0].W_x, network.cells[0].W_x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("activation", [str(form) for forms in FORMS.values() for form in forms])
def test_activations_with_parameters_are_callables(name: str, activation: str) -> None:
    """The routes of chapter OPT draw tanh and relu alone."""
    network, x, adapter = network_of(activation), input_of(), load_adapter(name)
    sequence = adapter.run(adapter.load(network), Call(x)).sequence
    assert sequence is not None
    expected = bound_network(network, x).sequence
    assert (abs(sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("name", NAMES)
def test_float64_is_asked_for_where_a_network_has_it_and_nowhere_else(name: str) -> None:
    network, adapter = network_of().astype("float64"), load_adapter(name)
    sequence = adapter.run(adapter.load(network), Call(input_of().astype("f8"))).sequence
    assert sequence is not None
    assert sequence.dtype == np.float64
    assert adapter.global_state()["jax_enable_x64"] == "False"


@pytest.mark.parametrize("name", NAMES)
def test_fresh_weights_are_those_of_the_seed(name: str) -> None:
    adapter, like = load_adapter(name), network_of()
    one, again, other = (adapter.freshly_initialised(like, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.cells[0].W_h, again.cells[0].W_h)
    assert not np.array_equal(one.cells[0].W_h, other.cells[0].W_h)


@pytest.mark.parametrize("name", NAMES)
def test_every_pair_of_option_values_occurs_in_the_quick_profile(name: str) -> None:
    assert not coverage_of(Subject(load_framework(name)), PROFILES["quick"]).missing


@pytest.mark.parametrize(("name", "record"), RECORDS, ids=lambda each: getattr(each, "id", each))
def test_the_script_of_a_record_shows_it(name: str, record: Deviation, tmp_path: Path) -> None:
    """By both interfaces, of a script that is written for neither alone."""
    if not record.script or listed(record.adapter)[0] == name:
        expect_shown(name, record, tmp_path)


@pytest.mark.parametrize(("name", "record"), RECORDS, ids=lambda each: getattr(each, "id", each))
def test_the_report_of_a_record_is_kept(name: str, record: Deviation) -> None:
    if listed(record.adapter)[0] == name:
        expect_kept(name, record)


@pytest.mark.parametrize(("name", "route"), ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(name: str, route: str, tmp_path: Path) -> None:
    framework = load_framework(name)
    for text in right_texts(framework, route, records_of(name)):
        here = text.replace(f'"{route}"', '"cpu"') if route in ABSENT else text
        assert not ended_here(here, tmp_path), here


@pytest.mark.parametrize("name", NAMES)
def test_a_script_of_a_derivative_that_is_right_ends_well(name: str, tmp_path: Path) -> None:
    framework = load_framework(name)
    for text in derivative_texts(framework):
        assert not ended_here(text, tmp_path), text
