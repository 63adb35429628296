"""What only Keras can show: run where it is installed."""

from __future__ import annotations

import random
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
from helpers import random_case, random_cell
from reproductions import ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters.adapter import Adapter, Call
from rnn_adapters.framework import checked_adapter
from rnn_adapters.keras import defaults
from rnn_adapters.keras.adapter import KEPT, KerasAdapter, backend_in_force
from rnn_adapters.keras.layers import Options
from rnn_adapters.keras.reproduction_exports import EXPORTS
from rnn_adapters.keras.routes import ROUTES as KERAS_ROUTES
from rnn_adapters.registry import load_adapter, load_framework
from rnn_conformance.engine.deviations import Deviation, listed
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.strategies import FORMS
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.cost import forward_milliseconds
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import BadInput, Layer, Network, bound_network

ROUTES = ("", *(name for name in load_framework("keras").routes if name not in EXPORTS))
"""Those by an export have tests of their own (test_keras_exports.py)."""
ABSENT = load_framework("keras").absent_routes()
SAVED = [route for route in ROUTES if load_adapter("keras", route).supports.restored]
FRESH = [route for route in ROUTES if load_adapter("keras", route).supports.freshly_initialised]


OTHERWISE = {
    ("keras-openvino", "predict"): "keras-openvino-predict-keeps-weights",
    ("keras-openvino", "exported"): "keras-openvino-exported-with-states",
}
"""Routes that a record is about, which change nothing when a variable does, or take no states."""


def adapter_of(route: str) -> Adapter[Any]:
    """The adapter of a route; where this machine lacks its device, the CPU stands in for it."""
    if route not in ABSENT:
        return load_adapter("keras", route)
    backend = backend_in_force()
    parts, conventions, supports = KERAS_ROUTES[route].put_together(backend)
    return KerasAdapter(backend, replace(parts, device="cpu:0"), conventions, supports)


@pytest.fixture(scope="module", params=ROUTES, ids=lambda route: route or "default")
def adapter(request: pytest.FixtureRequest) -> Adapter[Any]:
    return adapter_of(request.param)


@pytest.mark.parametrize("route", [route for route in ROUTES if route == "gpu"])
def test_a_route_to_a_device_passes_its_clause(route: str) -> None:
    expect_device(load_framework(NAME), route, partial(adapter_of, route), RECORDS)


@pytest.mark.parametrize("path", documents_for("keras"), ids=lambda path: path.name)
def test_examples_of_the_documents(path: Path) -> None:
    assert run_examples(path, frameworks=("keras",))


def test_the_backend_in_force_is_the_one_that_is_named() -> None:
    adapter = load_adapter("keras")
    assert load_adapter(adapter.name).versions() == adapter.versions()
    assert list(load_framework("keras").routes) == list(load_framework(adapter.name).routes)


def test_another_backend_in_the_same_process_is_refused() -> None:
    other = "numpy" if load_adapter("keras").name != "keras-numpy" else "tensorflow"
    with pytest.raises(BadInput, match="one process has one backend"):
        load_adapter(f"keras-{other}")


def test_a_backend_that_is_not_tested_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    monkeypatch.setenv("KERAS_BACKEND", "paddle")
    with pytest.raises(
        BadInput, match="KERAS_BACKEND: expected one of tensorflow, torch, jax, numpy, openvino"
    ):
        load_adapter("keras")


def test_every_route_declares_consistently(adapter: Adapter[Any]) -> None:
    checked_adapter(adapter)
    assert adapter.versions() == load_adapter("keras").versions()


def network_for(adapter: Adapter[Any]) -> Network:
    cells = [random_cell(3, 4), random_cell(3, 4, seed=9)]
    return random_case(*cells[: 2 if adapter.supports.bidirectional else 1]).network


def output_of(adapter: Adapter[Any], model: Any, call: Call) -> Any:
    output = adapter.run(model, call)
    return output.sequence if call.return_sequences else output.last


def test_what_is_loaded_is_what_runs(adapter: Adapter[Any], request: pytest.FixtureRequest) -> None:
    """A variable of the loaded model is changed: weights that are read and every call change with it."""
    if record := OTHERWISE.get((adapter.name, request.node.callspec.params["adapter"])):
        request.applymarker(pytest.mark.xfail(strict=True, reason=record))
    network, supports = network_for(adapter), adapter.supports
    case = random_case(*network.cells)
    states = case.call.initial_states if supports.initial_states else None
    calls = [Call(case.call.x, states)]
    if supports.last_output:
        calls.append(Call(case.call.x, states, return_sequences=False))
    model = adapter.load(network)
    before = [output_of(adapter, model, call).copy() for call in calls]
    kernel = model.main.cells[-1].kernel
    kernel.assign(2 * kernel.numpy())
    held = adapter.read_weights(model)
    assert np.array_equal(held.cells[-1].W_x, 2 * network.cells[-1].W_x)
    for call, old in zip(calls, before, strict=True):
        new, bounds = output_of(adapter, model, call), bound_network(held, call.x, call.initial_states)
        expected = bounds.sequence if call.return_sequences else bounds.last
        assert (np.abs(new - expected.value) <= expected.bound).all()
        assert (np.abs(old - expected.value) > expected.bound).any()


def test_weights_are_assigned_to_what_is_loaded(adapter: Adapter[Any]) -> None:
    network = network_for(adapter)
    model = adapter.load(network)
    layers = list(model.main.layers)
    for other in (network.mapped(lambda array: array / 2), network):
        adapter.assign_weights(model, other)
        assert all(one is before for one, before in zip(model.main.layers, layers, strict=True))
        for cell, held in zip(other.cells, adapter.read_weights(model).cells, strict=True):
            np.testing.assert_array_equal(held.W_h, cell.W_h)
            np.testing.assert_array_equal(held.bias, cell.bias)


@pytest.mark.parametrize("adapter", SAVED, ids=lambda route: route or "default", indirect=True)
def test_what_is_restored_are_other_layers(adapter: Adapter[Any]) -> None:
    network = network_for(adapter)
    model = adapter.load(network)
    restored = adapter.restored(model)
    adapter.assign_weights(model, network.mapped(lambda array: array / 2))
    for cell, held in zip(network.cells, adapter.read_weights(restored).cells, strict=True):
        np.testing.assert_array_equal(held.W_h, cell.W_h)
    assert not set(map(id, restored.main.layers)) & set(map(id, model.main.layers))


def test_layers_are_built_once_for_a_shape() -> None:
    adapter = load_adapter("keras")
    first, second = (random_case(random_cell(3, 4, seed=seed)).network for seed in (0, 9))
    layers = adapter.load(first).main.layers
    loaded = adapter.load(second)
    assert loaded.main.layers[0] is layers[0]
    assert np.array_equal(adapter.read_weights(loaded).cells[0].W_x, second.cells[0].W_x)
    adapter.drop_caches()
    assert adapter.load(first).main.layers[0] is layers[0]


def test_layers_are_forgotten_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all routes, between chapters and within one."""
    adapters = [load_adapter("keras", route) for route in ("", "unrolled")]
    networks = [random_case(random_cell(3, hidden)).network for hidden in (2, 3)]

    def bottoms() -> list[Any]:
        return [adapter.load(networks[0]).main.layers[0] for adapter in adapters]

    for most in (0, 1):
        monkeypatch.setitem(KEPT, backend_in_force(), most)
        adapters[0].drop_caches()
    before = bottoms()
    adapters[0].drop_caches()
    assert not set(map(id, before)) & set(map(id, again := bottoms()))
    assert [id(layer) for layer in bottoms()] == [id(layer) for layer in again]
    assert adapters[1].load(networks[1]).main.layers  # one too many
    assert not set(map(id, again)) & set(map(id, bottoms()))


def test_layers_that_refused_a_call_of_training_are_not_used_again() -> None:
    """What it was to drop is in them still (keras-refused-training-call-keeps-its-dropout)."""
    adapter = load_adapter("keras")
    case = random_case(random_cell(3, 4))
    training = Call(case.x, training=True, dropout="input", rate=0.5)
    with pytest.raises(Exception, match=r"."):
        adapter.run(adapter.load(case.network), replace(training, x=case.x[:, :, :2]))
    output = adapter.run(adapter.load(case.network), training)
    assert output.sequence is not None


def test_weights_are_drawn_only_where_that_is_asked_for() -> None:
    adapter: Any = load_adapter("keras")
    cell = random_cell(3, 4)
    made = [
        adapter.parts.made(adapter.keras, Layer(cell), Options(drawn=drawn)).cell for drawn in (False, True)
    ]
    assert [bool(np.any(cell.recurrent_kernel.numpy())) for cell in made] == [False, True]
    configurations = [cell.get_config() | {"name": ""} for cell in made]
    assert configurations[0]["recurrent_initializer"]["class_name"] == "Orthogonal"
    assert [config["kernel_initializer"]["class_name"] for config in configurations] == ["GlorotUniform"] * 2


def test_the_default_route_is_what_is_written_first() -> None:
    """No backward layer is given, so that Keras makes it; no option is given that is not asked for."""
    adapter: Any = load_adapter("keras")
    (layer,) = adapter.load(network_for(adapter)).main.layers
    assert type(layer) is adapter.keras.layers.Bidirectional
    assert layer.backward_layer.name.startswith("backward_")  # Keras names those that it makes
    written = adapter.keras.layers.SimpleRNN(4, return_sequences=True, return_state=True)
    config = layer.forward_layer.get_config()
    assert config | {"name": ""} == written.get_config() | {"name": "", "zero_output_for_mask": True}
    given = load_adapter("keras", "backward layer")
    (layer,) = given.load(network_for(given)).main.layers
    assert not layer.backward_layer.name.startswith("backward_")


def generators(backend: str) -> list[Any]:
    states: list[Any] = [random.getstate(), np.random.get_state()[1].tolist()]  # type: ignore[index] # a tuple, not a dict
    if backend == "keras-torch":
        import torch

        states.append(torch.get_rng_state().tolist())
    if backend == "keras-tensorflow":
        import tensorflow as tf

        states.append(tf.random.get_global_generator().state.numpy().tolist())
    return states


@pytest.mark.parametrize("adapter", FRESH, ids=lambda route: route or "default", indirect=True)
def test_fresh_weights_leave_the_generators_as_they_were(adapter: Adapter[Any]) -> None:
    like, before = network_for(adapter), generators(adapter.name)
    one, again, other = (adapter.freshly_initialised(like, seed) for seed in (1, 1, 2))
    assert generators(adapter.name) == before
    assert all(np.array_equal(a.W_h, b.W_h) for a, b in zip(one.cells, again.cells, strict=True))
    drawn = [*one.cells, *other.cells]
    assert len({cell.W_h.tobytes() for cell in drawn}) == len(drawn)


@pytest.mark.parametrize("route", ["", "model file"])
@pytest.mark.parametrize("activation", [str(form) for forms in FORMS.values() for form in forms])
def test_activations_with_parameters_get_through_a_file(activation: str, route: str) -> None:
    """The routes of chapter OPT draw tanh and relu alone; these are objects that Keras has to save."""
    adapter = load_adapter("keras", route)
    case = random_case(random_cell(3, 4, activation=activation), states=False)
    sequence = adapter.run(adapter.load(case.network), case.call).sequence
    bounded = bound_network(case.network, case.call.x).sequence
    assert sequence is not None
    assert (np.abs(sequence - bounded.value) <= bounded.bound).all()


def test_a_default_that_is_not_as_documented_is_an_option_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = load_adapter(f"keras-{backend_in_force()}")
    case = random_case(random_cell(3, 4))

    def lost() -> set[str]:
        options = adapter.kept_options(adapter.load(case.network), case.call)
        return {name for name, (gave, left) in options.items() if gave != left}

    known = lost()
    monkeypatch.setitem(defaults.OF_LOOP, "return_state", True)
    assert lost() - known == {
        "default of layer: return_state",
        "default of loop around a cell: return_state",
    }


def test_a_forward_pass_is_timed() -> None:
    assert forward_milliseconds(f"keras-{backend_in_force()}") > 0


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    coverage = coverage_of(Subject(load_framework("keras")), PROFILES["quick"])
    assert not coverage.missing


NAME = f"keras-{backend_in_force()}"
RECORDS = [record for record in records_of(NAME) if any(map(record.claims, ROUTES))]
WHOLE_ROUTES = {"predict": "keras-openvino-predict-in-bfloat16"}
"""Routes of which every such case is that of a record, where it applies."""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_script_shows_what_a_record_says(record: Deviation, tmp_path: Path) -> None:
    expect_shown(NAME, record, tmp_path, KERAS_BACKEND=backend_in_force())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    if listed(record.adapter)[0] == NAME:
        expect_kept(NAME, record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework(NAME)
    recorded = WHOLE_ROUTES.get(route) in {record.id for record in RECORDS}
    for text in right_texts(framework, route, RECORDS, count=4, recorded=recorded):
        here = text.replace('"gpu:0"', '"cpu:0"') if route in ABSENT else text
        assert not ended_here(here, tmp_path), here
