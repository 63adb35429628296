"""What only ONNX can show: run where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from docs import documents_for, run_examples
from reproductions import ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework
from rnn_adapters.framework import Framework
from rnn_adapters.registry import missing_modules
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Cell, Layer, Network, bound_network

INSTALLED = [
    framework
    for framework in map(load_framework, ("onnx", "onnx-reference"))
    if not missing_modules(framework)
]


@pytest.mark.skipif(missing_modules(load_framework("onnx")) != [], reason="they are of ONNX Runtime")
@pytest.mark.parametrize("path", documents_for("onnx"), ids=lambda path: path.name)
def test_examples_of_the_documents(path: Path) -> None:
    assert run_examples(path, frameworks=("onnx",))


@pytest.mark.parametrize(
    ("name", "route"),
    [(framework.name, route) for framework in INSTALLED for route in ("", *framework.routes)],
)
def test_a_first_call(name: str, route: str) -> None:
    rng = np.random.default_rng(0)
    activation = "leaky_relu" if route == "parameters left out" else "tanh"
    W_x, W_h, b = (rng.normal(size=size).astype("f4") for size in ((3, 2), (3, 3), 3))
    network = Network([Layer(Cell(W_x, W_h, b, activation=activation))])
    x = rng.normal(size=(4, 5, 2)).astype("f4")
    adapter = load_adapter(name, route)
    output = adapter.run(adapter.load(network), Call(x))
    assert output.sequence is not None
    expected = bound_network(network, x).sequence
    assert (abs(output.sequence - expected.value) <= expected.bound).all()


@pytest.mark.parametrize("framework", INSTALLED, ids=lambda framework: framework.name)
def test_every_pair_of_option_values_occurs_in_the_quick_profile(framework: Framework) -> None:
    assert not coverage_of(Subject(framework), PROFILES["quick"]).missing


RECORDS = [(framework.name, record) for framework in INSTALLED for record in records_of(framework.name)]


@pytest.mark.parametrize(("name", "record"), RECORDS, ids=[record.id for _, record in RECORDS])
def test_a_script_shows_what_a_record_says(name: str, record: Deviation, tmp_path: Path) -> None:
    expect_shown(name, record, tmp_path)
    expect_kept(name, record)


@pytest.mark.parametrize(
    ("name", "route"),
    [(framework.name, route) for framework in INSTALLED for route in ("", *framework.routes)],
)
def test_a_script_of_a_case_that_is_right_ends_well(name: str, route: str, tmp_path: Path) -> None:
    framework = load_framework(name)
    for text in right_texts(framework, route, records_of(name)):
        assert not ended_here(text, tmp_path), text
