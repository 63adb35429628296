"""What torch's exporters write as ONNX, run by ONNX Runtime and by OpenVINO. `tox run -e torch-onnx`."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Adapter, load_adapter, load_framework
from rnn_adapters.torch import PACKAGES
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.deviations import Deviation
from rnn_reference.bounds import bound_network

ROUTES = tuple(PACKAGES)
RECORDS = [record for record in records_of("torch") if any(map(record.claims, ROUTES))]
WITHOUT = """
import sys
for module in ("onnx", "onnxscript", "onnxruntime", "openvino"):
    sys.modules[module] = None
from rnn_adapters import load_framework
absent = load_framework("torch").absent_routes()
assert absent["ONNX"] == "the package onnx, the package onnxscript, the package onnxruntime", absent
assert absent["ONNX by TorchScript in OpenVINO"] == "the package onnx, the package openvino", absent
assert not load_framework("torch").routes["exported"].missing()
"""


def case_for(adapter: Adapter[Any], *, time: int = 2, lengths: bool = False) -> Case:
    case = random_case(random_cell(3, 4), random_cell(3, 4, seed=9), batch=3, time=time)
    return case.replace(lengths=np.array([time, 1, 1])) if lengths else case


def expect_right(adapter: Adapter[Any], model: Any, case: Case) -> None:
    output = adapter.run(model, case.call)
    expected = bound_network(case.network, case.x, case.initial_states, case.steps)
    (final,), (sequence, _) = expected.final_states, expected
    assert output.sequence is not None
    assert output.final_states is not None
    valid = np.ones(case.x.shape[:2], bool) if case.steps is None else case.steps
    assert (abs(output.sequence - sequence.value) <= sequence.bound)[valid].all()
    assert not output.sequence[~valid].any()
    assert (abs(output.final_states[0] - final.value) <= final.bound).all()


def test_without_the_packages_the_routes_are_absent() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)


def test_nothing_of_it_is_imported_with_the_framework() -> None:
    found = "{'onnx', 'onnxscript', 'onnxruntime', 'openvino'} & {*sys.modules}"
    script = f"import sys; from rnn_adapters import load_adapter; load_adapter('torch'); assert not {found}"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("route", ROUTES)
def test_a_model_is_written_anew_for_other_weights_and_other_inputs(route: str) -> None:
    adapter = load_adapter("torch", route)
    case = case_for(adapter)
    for network in (case.network, case.network.mapped(lambda array: array / 2)):
        model = adapter.load(network)
        for changed in (case.replace(network=network), case.replace(network=network, initial_states=None)):
            expect_right(adapter, model, changed)
            expect_right(adapter, model, changed.replace(x=changed.x[:1], initial_states=None))


@pytest.mark.parametrize("route", ["ONNX", "ONNX by TorchScript", "ONNX in OpenVINO"])
def test_calls_of_another_number_of_steps(route: str) -> None:
    adapter = load_adapter("torch", route)
    case = case_for(adapter)
    model = adapter.load(case.network)
    for time in (2, 5, 1):
        expect_right(adapter, model, case_for(adapter, time=time).replace(network=case.network))


def test_lengths_are_in_the_model() -> None:
    adapter = load_adapter("torch", "ONNX by TorchScript")
    case = case_for(adapter, time=4, lengths=True)
    expect_right(adapter, adapter.load(case.network), case)


def test_more_steps_than_those_of_the_example_are_left_out_without_a_word() -> None:
    """Of the recorded deviations the one that nobody is told of."""
    adapter = load_adapter("torch", "ONNX, any time")
    case = case_for(adapter, time=5)
    sequence = adapter.run(adapter.load(case.network), case.call).sequence
    assert sequence is not None
    assert sequence.shape == (3, 2, 8)


def test_the_exporters_say_nothing(capfd: pytest.CaptureFixture[str], caplog: Any) -> None:
    adapter = load_adapter("torch", "ONNX")
    case = case_for(adapter)
    adapter.run(adapter.load(case.network), replace(case.call))
    assert not capfd.readouterr().out
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_script_shows_what_a_record_says(record: Deviation, tmp_path: Path) -> None:
    expect_shown("torch", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    expect_kept("torch", record)


@pytest.mark.parametrize("route", ROUTES)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("torch")
    texts = right_texts(framework, route, RECORDS, count=4, recorded=route == "ONNX, any time")
    for text in texts:
        assert not ended_here(text, tmp_path), text
