"""What only ONNX Runtime for JavaScript can show: run where Node is, and where its command installed it."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import ended, right_texts, text_of
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Adapter, Call, load_adapter, load_framework
from rnn_adapters.adapter import ImplementationLost
from rnn_adapters.npm import PACKAGE_FILES
from rnn_adapters.ort_node import PACKAGES, sessions
from rnn_adapters.ort_node.installed import NPM
from rnn_adapters.ort_node.sessions import array_of, process_of, tensor_of
from rnn_adapters.registry import made_adapter
from rnn_adapters.stdio.connection import Refused
from rnn_conformance.cli import main
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.reproduction import every_question
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import BadInput, Cell, Layer, Network, bound_network

FRAMEWORKS = {name: load_framework(name) for name in PACKAGES}
ROUTES = [(name, route) for name, framework in FRAMEWORKS.items() for route in ("", *framework.routes)]
RIGHT = [each for each in ROUTES if each != ("ort-web", "outputs given")]
"""The last one returns what it is given: ort-web-outputs-given."""
RECORDS = {record.id: (name, record) for name in reversed(PACKAGES) for record in records_of(name)}


@pytest.fixture(params=PACKAGES)
def adapter(request: pytest.FixtureRequest) -> Iterator[Adapter[Any]]:
    made = load_adapter(request.param)
    yield made
    made.close()


def small(activation: str = "tanh") -> tuple[Network, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    W_x, W_h, b = (rng.normal(size=size).astype("f4") for size in ((3, 2), (3, 3), 3))
    return Network([Layer(Cell(W_x, W_h, b, activation=activation))]), rng.normal(size=(4, 5, 2)).astype("f4")


def test_they_are_installed() -> None:
    assert NPM.missing(*PACKAGES.values()) == []


@pytest.mark.parametrize(("name", "route"), RIGHT)
def test_a_first_call(name: str, route: str) -> None:
    network, x = small("leaky_relu" if route == "parameters left out" else "tanh")
    adapter = load_adapter(name, route)
    output = adapter.run(adapter.load(network), Call(x))
    expected = bound_network(network, x).sequence
    assert output.sequence is not None
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("name", PACKAGES)
def test_all_routes_are_those_of_one_process_until_it_is_closed(name: str) -> None:
    first, process = load_adapter(name), process_of(name)
    assert load_adapter(name, "steps").versions() == first.versions()
    assert process_of(name) is process
    first.close()
    assert process.connection.process.wait(10) == 0
    network, x = small()
    again = load_adapter(name)
    assert again.run(again.load(network), Call(x)).sequence is not None
    again.close()


def test_closing_starts_no_process(adapter: Adapter[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where it was closed before, nor where it was lost."""
    process_of(adapter.name).connection.lost("was stopped")
    monkeypatch.setattr(sessions, "Process", lambda framework: pytest.fail(f"a process of {framework}"))
    adapter.close()
    adapter.close()


def test_what_the_runtime_refuses_is_said_and_the_next_call_is_answered(adapter: Adapter[Any]) -> None:
    network, x = small()
    model = adapter.load(network)
    with pytest.raises(Refused, match="dimension"):
        adapter.run(model, Call(x[:, :, :1]))
    assert adapter.run(model, Call(x)).sequence is not None


def test_a_type_that_javascript_does_not_have_is_refused_by_the_runtime(adapter: Adapter[Any]) -> None:
    network, x = small()
    with pytest.raises(Refused, match="Unsupported tensor type: complex64"):
        adapter.run(adapter.load(network), Call(x.astype("c8")))


def test_a_process_that_ended_is_lost(adapter: Adapter[Any]) -> None:
    network, x = small()
    model = adapter.load(network)
    process_of(adapter.name).connection.process.kill()
    with pytest.raises(ImplementationLost, match="SIGKILL"):
        adapter.run(model, Call(x))


def test_sessions_that_nobody_has_are_released(adapter: Adapter[Any]) -> None:
    network, x = small()
    adapter.run(adapter.load(network), Call(x))
    gc.collect()
    process = process_of(adapter.name)
    assert list(process._released) == [0]
    adapter.run(adapter.load(network), Call(x))
    assert 0 not in process._released
    with pytest.raises(Refused, match="undefined"):
        process.call(0, {"X": x.swapaxes(0, 1)}, preallocated=False)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "bool"])
def test_a_tensor_is_the_array_again(dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype).swapaxes(0, 1)
    again = array_of(tensor_of(array))
    assert again.dtype == dtype
    assert (again == array).all()


@pytest.mark.parametrize("name", PACKAGES)
def test_every_pair_of_option_values_occurs_in_the_quick_profile(name: str) -> None:
    subject = Subject(FRAMEWORKS[name])
    assert not coverage_of(subject, PROFILES["quick"]).missing
    subject.close()


def test_where_it_is_missing_this_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NPM.variable, str(tmp_path))
    with pytest.raises(
        BadInput, match=f"adapter 'ort-web' needs onnxruntime-web in .*; {NPM.command} brings"
    ):
        load_adapter("ort-web")
    said = CliRunner().invoke(main, ["adapters"], env={"COLUMNS": "250"}).output
    (line,) = [each for each in said.splitlines() if " ort-node " in each]
    assert f"no: onnxruntime-node in {tmp_path}  {NPM.command}" in line


def test_npm_finds_its_files_without_an_address() -> None:
    for name in PACKAGE_FILES:
        assert (files("rnn_adapters.ort_node") / name).is_file()
    lock = json.loads((files("rnn_adapters.ort_node") / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


@pytest.fixture
def beside_modules(tmp_path: Path) -> Path:
    """A folder whose scripts find the packages."""
    (tmp_path / "node_modules").symlink_to(NPM.folder() / "node_modules")
    return tmp_path


@pytest.mark.parametrize(("name", "record"), RECORDS.values(), ids=list(RECORDS))
def test_a_script_shows_what_a_record_says(name: str, record: Deviation, beside_modules: Path) -> None:
    expect_shown(name, record, beside_modules)
    expect_kept(name, record)


@pytest.mark.parametrize(("name", "route"), RIGHT)
def test_a_script_of_a_case_that_is_right_ends_well(name: str, route: str, beside_modules: Path) -> None:
    framework = FRAMEWORKS[name]
    for text in right_texts(framework, route, [], count=4):
        done = ended(text, beside_modules)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("name", PACKAGES)
def test_a_script_of_float16_by_steps_ends_well(name: str, beside_modules: Path) -> None:
    case = replace(random_case(random_cell(2, 3, dtype="float16")), route="steps")
    asked = every_question(case, made_adapter(FRAMEWORKS[name], "steps"))
    assert asked
    for question in asked:
        text = text_of(FRAMEWORKS[name], question)
        assert "Uint16Array.from(bits[t])" in text
        done = ended(text, beside_modules)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
