"""What Keras exports, run by what it is exported for. `tox run -e keras-export`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from helpers import random_case, random_cell
from reproductions import ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework
from rnn_adapters.adapter import Adapter
from rnn_adapters.framework import checked_adapter
from rnn_adapters.keras.adapter import backend_in_force
from rnn_adapters.keras.reproduction_exports import EXPORTS
from rnn_conformance.engine.deviations import Deviation, listed
from rnn_reference import bound_network

NAME = f"keras-{backend_in_force()}"
FRAMEWORK = load_framework(NAME)
ABSENT = FRAMEWORK.absent_routes()
ROUTES = [route for route in FRAMEWORK.routes if route in EXPORTS]
HERE = [route for route in ROUTES if route not in ABSENT]
KNOWN = records_of(NAME)
RECORDS = [record for record in KNOWN if "route" in record.when and any(map(record.claims, HERE))]
WITHOUT = """
import sys
sys.modules["ai_edge_litert"] = sys.modules["tf2onnx"] = None
from rnn_adapters import load_framework
absent = load_framework("keras-tensorflow").absent_routes()
assert absent["LiteRT"] == "the package ai_edge_litert", absent
assert absent["ONNX"].endswith("the package tf2onnx"), absent
assert set(absent) - {"gpu"} == {"LiteRT", "ONNX"}, absent
"""


@pytest.fixture(params=HERE)
def adapter(request: pytest.FixtureRequest) -> Adapter[Any]:
    return load_adapter(NAME, request.param)


def test_without_the_packages_the_routes_are_absent() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)


def expect_right(adapter: Adapter[Any], model: Any, network: Any, call: Call) -> None:
    output, expected = adapter.run(model, call), bound_network(network, call.x, call.initial_states)
    assert output.sequence is not None
    assert output.final_states is not None
    (final,), sequence = expected.final_states, expected.sequence
    assert (np.abs(output.sequence - sequence.value) <= sequence.bound).all()
    assert (np.abs(output.final_states[0] - final.value) <= final.bound).all()


def test_a_model_is_exported_anew_for_other_weights_and_other_inputs(adapter: Adapter[Any]) -> None:
    checked_adapter(adapter)
    cells = [random_cell(3, 4), random_cell(3, 4, seed=9)]
    case = random_case(*cells[: 1 + adapter.supports.bidirectional])
    for network in (case.network, case.network.mapped(lambda array: array / 2)):
        model = adapter.load(network)
        expect_right(adapter, model, network, case.call)
        expect_right(adapter, model, network, Call(case.x[:1]))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_script_shows_what_a_record_says(record: Deviation, tmp_path: Path) -> None:
    expect_shown(NAME, record, tmp_path, KERAS_BACKEND=backend_in_force())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    if listed(record.adapter)[0] == NAME:
        expect_kept(NAME, record)


@pytest.mark.parametrize("route", HERE)
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    for text in right_texts(FRAMEWORK, route, KNOWN, count=2):
        assert not ended_here(text, tmp_path), text
