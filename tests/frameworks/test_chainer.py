"""What only Chainer can show: run where it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import derivative_texts, ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework
from rnn_adapters.chainer import _missing
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Layer, Network, bound_network

ROUTES = ("", *load_framework("chainer").routes)
RECORDS = records_of("chainer")
IMPORTS_NOTHING = "import rnn_adapters.chainer, sys; assert 'chainer' not in sys.modules"


def test_it_is_not_imported_before_it_is_asked_for() -> None:
    subprocess.run([sys.executable, "-c", IMPORTS_NOTHING], check=True)


def test_a_later_python_is_said_to_be_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12))
    assert _missing() == ("a Python below 3.12",)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_first_call(route: str, dtype: str) -> None:
    case = random_case(random_cell(2, 3, dtype=dtype))
    adapter = load_adapter("chainer", route)
    before = adapter.global_state()
    output = adapter.run(adapter.load(case.network), Call(case.x))
    assert output.sequence is not None
    expected = bound_network(case.network, case.x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()
    assert adapter.global_state() == before


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_loaded_is_what_is_called(route: str) -> None:
    """A weight changed in it is read back, and changes the output to that of a network that has it."""
    adapter, case = load_adapter("chainer", route), random_case(random_cell(2, 3))
    model = adapter.load(case.network)
    next(iter(model.links[0])).w0.array[...] += 1
    changed = adapter.read_weights(model)
    after = adapter.run(model, case.call).sequence
    assert after is not None
    expected = bound_network(changed, case.x, case.initial_states).sequence
    assert changed.cells[0].W_x[0, 0] == case.network.cells[0].W_x[0, 0] + np.float32(1)
    assert (abs(after - expected.value) <= expected.bound).all()


def test_a_failed_initialisation_leaves_the_generator_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, network = load_adapter("chainer"), random_case(random_cell(2, 3)).network
    monkeypatch.setattr(adapter, "_new", lambda like: 1 / 0)
    before = np.random.get_state(legacy=False)["state"]["key"].tolist()
    with pytest.raises(ZeroDivisionError):
        adapter.freshly_initialised(network, 7)
    assert np.random.get_state(legacy=False)["state"]["key"].tolist() == before


@pytest.mark.parametrize("route", ["", "copy", "npz", "hdf5"])
def test_what_is_restored_shares_no_memory(route: str) -> None:
    adapter, case = load_adapter("chainer", route), random_case(random_cell(2, 3))
    model = adapter.load(case.network)
    restored = adapter.restored(model)
    for parameter in model.links.params():
        parameter.array[...] = 0
    np.testing.assert_array_equal(adapter.read_weights(restored).cells[0].W_h, case.network.cells[0].W_h)


def test_layers_may_differ_where_each_has_a_link() -> None:
    adapter = load_adapter("chainer", "link for each layer")
    network = Network([Layer(random_cell(2, 3)), Layer(random_cell(3, 5, activation="relu"))])
    model = adapter.load(network)
    assert [type(link).__name__ for link in model.links] == ["NStepRNNTanh", "NStepRNNReLU"]
    x = np.random.default_rng(0).normal(size=(2, 4, 2)).astype("f4")
    output, expected = adapter.run(model, Call(x)).sequence, bound_network(network, x).sequence
    assert output is not None
    assert (abs(output - expected.value) <= expected.bound).all()


def test_the_generator_stays_as_it_was() -> None:
    adapter, like = load_adapter("chainer"), random_case(random_cell(2, 3)).network
    np.random.seed(5)
    expected = np.random.rand(4)
    np.random.seed(5)
    one, same, other = (adapter.freshly_initialised(like, seed).cells[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(np.random.rand(4), expected)
    assert (one.W_x == same.W_x).all()
    assert (one.W_x != other.W_x).any()


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    assert not coverage_of(Subject(load_framework("chainer")), PROFILES["quick"]).missing


def ended_alone(text: str, folder: Path) -> str:
    """What a script says at its end, as in a process of its own: it may set Chainer's default type."""
    import chainer

    before = chainer.global_config.dtype
    try:
        return ended_here(text, folder)
    finally:
        chainer.global_config.dtype = before


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_script_of_a_record_shows_it(record: Deviation, tmp_path: Path) -> None:
    expect_shown("chainer", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("chainer", record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("chainer")
    for text in right_texts(framework, route, RECORDS):
        assert not ended_alone(text, tmp_path), text


def test_a_script_of_a_derivative_that_is_right_ends_well(tmp_path: Path) -> None:
    framework = load_framework("chainer")
    for text in derivative_texts(framework):
        assert not ended_alone(text, tmp_path), text
