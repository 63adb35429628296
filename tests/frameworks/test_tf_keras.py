"""What only tf_keras can show: run where it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import derivatives, ended_here, right_texts, text_of
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework
from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import checked_adapter
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.strategies import FORMS
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Network, bound_network
from rnn_reference.network import steps_of_lengths

ROUTES = ("", *load_framework("tf-keras").routes)
RECORDS = records_of("tf-keras")
IMPORTS_NOTHING = (
    "import rnn_adapters.tf_keras, sys; assert not {'tf_keras', 'tensorflow', 'keras'} & {*sys.modules}"
)


@pytest.fixture(scope="module", params=ROUTES, ids=lambda route: route or "default")
def adapter(request: pytest.FixtureRequest) -> Adapter[Any]:
    return load_adapter("tf-keras", request.param)


def test_it_is_not_imported_before_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS_NOTHING], check=True)


def network_for(adapter: Adapter[Any]) -> Network:
    cells = [random_cell(3, 4), random_cell(3, 4, seed=9)]
    return random_case(*cells[: 2 if adapter.supports.bidirectional else 1]).network


def test_a_first_call(adapter: Adapter[Any]) -> None:
    checked_adapter(adapter)
    case = random_case(*network_for(adapter).cells)
    states = case.initial_states if adapter.supports.initial_states else None
    output = adapter.run(adapter.load(case.network), Call(case.x, states))
    assert output.sequence is not None
    expected = bound_network(case.network, case.x, states).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route != "TFLite"]
)  # whose weights are constants
def test_what_is_loaded_is_what_runs(route: str) -> None:
    """A variable of the loaded model is changed: weights that are read and every call change with it."""
    adapter = load_adapter("tf-keras", route)
    network = network_for(adapter)
    model, x = adapter.load(network), random_case(*network.cells).x
    adapter.run(model, Call(x))
    kernel = model.main.cells[-1].kernel
    kernel.assign(2 * kernel.numpy())
    held = adapter.read_weights(model)
    assert np.array_equal(held.cells[-1].W_x, 2 * network.cells[-1].W_x)
    sequence, expected = adapter.run(model, Call(x)).sequence, bound_network(held, x).sequence
    assert sequence is not None
    assert (abs(sequence - expected.value) <= expected.bound).all()


def test_the_default_route_is_what_is_written_first() -> None:
    """No backward layer is given, so that it is made; no option is given that is not asked for."""
    adapter: Any = load_adapter("tf-keras")
    (layer,) = adapter.load(network_for(adapter)).main.layers
    keras = adapter.keras
    assert type(layer) is keras.layers.Bidirectional
    written = keras.layers.SimpleRNN(4, return_sequences=True, return_state=True)
    config = layer.forward_layer.get_config()
    assert config | {"name": ""} == written.get_config() | {"name": "", "zero_output_for_mask": True}


def test_lengths_are_given_as_a_ragged_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps after the end of a row are not handed over at all."""
    adapter: Any = load_adapter("tf-keras", "ragged")
    case = random_case(random_cell(3, 4), random_cell(3, 4, seed=9))
    lengths, given = np.array([2, 4]), list[Any]()
    model = adapter.load(case.network)
    call = type(model.main.layers[0]).__call__

    def kept(layer: Any, x: Any, **options: Any) -> Any:
        given.append(x)
        return call(layer, x, **options)

    monkeypatch.setattr(type(model.main.layers[0]), "__call__", kept)
    x = np.where(steps_of_lengths(lengths, 4)[..., None], case.x, np.nan)
    sequence = adapter.run(model, Call(x, lengths=lengths)).sequence
    assert [type(each).__name__ for each in given] == ["RaggedTensor"]
    assert given[0].row_lengths().numpy().tolist() == [2, 4]
    assert not np.isnan(sequence).any()
    assert not sequence[0, 2:].any()


def test_a_converted_model_is_converted_anew_for_other_weights() -> None:
    adapter = load_adapter("tf-keras", "TFLite")
    case = random_case(random_cell(3, 4))
    for network in (case.network, case.network.mapped(lambda array: array / 2)):
        model = adapter.load(network)
        sequence, expected = (
            adapter.run(model, Call(case.x)).sequence,
            bound_network(network, case.x).sequence,
        )
        assert sequence is not None
        assert (abs(sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("route", ["", "model file", "SavedModel"])
@pytest.mark.parametrize("activation", [str(form) for forms in FORMS.values() for form in forms])
def test_activations_with_parameters_get_through_a_file(activation: str, route: str) -> None:
    """Objects that Keras has to save; that an H5 file of them cannot be read is recorded."""
    adapter = load_adapter("tf-keras", route)
    case = random_case(random_cell(3, 4, activation=activation), states=False)
    sequence = adapter.run(adapter.load(case.network), case.call).sequence
    bounded = bound_network(case.network, case.x).sequence
    assert sequence is not None
    assert (np.abs(sequence - bounded.value) <= bounded.bound).all()


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    assert not coverage_of(Subject(load_framework("tf-keras")), PROFILES["quick"]).missing


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_script_of_a_record_shows_it(record: Deviation, tmp_path: Path) -> None:
    expect_shown("tf-keras", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("tf-keras", record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("tf-keras")
    for text in right_texts(framework, route, RECORDS, count=4):
        assert not ended_here(text, tmp_path), text


def test_a_script_of_a_derivative_that_is_right_ends_well(tmp_path: Path) -> None:
    framework = load_framework("tf-keras")
    for question in derivatives("tf-keras"):
        text = text_of(framework, question)
        assert text
        assert not ended_here(text, tmp_path), text
