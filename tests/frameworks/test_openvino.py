"""What only OpenVINO can show: run where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "self"))
from reproductions import ended_here, right_texts
from upstream import expect_kept, expect_shown, records_of

from rnn_adapters import Call, load_adapter, load_framework
from rnn_conformance.engine.deviations import Deviation, listed
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.measure.coverage import coverage_of
from rnn_reference import Cell, Layer, Network, bound_network

NARROW = {"precision left alone": "bfloat16", "model file": "float16"}
"""Routes on which numbers may be rounded to types of two bytes, recorded deviations, and these types."""


@pytest.mark.parametrize("route", ["", *load_framework("openvino").routes])
def test_a_first_call(route: str) -> None:
    rng = np.random.default_rng(0)
    W_x, W_h, b = (rng.normal(size=size).astype("f4") for size in ((3, 2), (3, 3), 3))
    network = Network([Layer(Cell(W_x, W_h, b))])
    x = rng.normal(size=(4, 5, 2)).astype("f4")
    adapter = load_adapter("openvino", route)
    output = adapter.run(adapter.load(network), Call(x))
    assert output.sequence is not None
    dtypes = ("float32", NARROW.get(route, "float32"))
    expected = [bound_network(network.astype(dtype), x.astype(dtype)).sequence for dtype in dtypes]
    assert any((abs(output.sequence - each.value) <= each.bound).all() for each in expected)


def test_every_pair_of_option_values_occurs_in_the_quick_profile() -> None:
    coverage = coverage_of(Subject(load_framework("openvino")), PROFILES["quick"])
    assert not coverage.missing


def test_nothing_is_sent_to_anybody() -> None:
    load_adapter("openvino")
    assert sys.modules["openvino_telemetry"] is None
    assert sys.modules["openvino.tools.ovc"].telemetry.__class__.__module__.endswith("telemetry_stub")


RECORDS = records_of("openvino")
RECORDED = {
    "model file": "openvino-saved-in-float16",
    "precision left alone": "openvino-narrow-by-default",
}
"""Routes of which every case is that of a record, and so no script of one that is right is asked for.

One of the records does not apply on every machine.
"""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_script_shows_what_a_record_says(record: Deviation, tmp_path: Path) -> None:
    expect_shown("openvino", record, tmp_path)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_the_report_of_a_record_is_kept(record: Deviation) -> None:
    if listed(record.adapter)[0] == "openvino":
        expect_kept("openvino", record)


@pytest.mark.parametrize("route", ["", *load_framework("openvino").routes])
def test_a_script_of_a_case_that_is_right_ends_well(route: str, tmp_path: Path) -> None:
    framework = load_framework("openvino")
    recorded = RECORDED.get(route) in {record.id for record in RECORDS}
    for text in right_texts(framework, route, RECORDS, count=4, recorded=recorded):
        assert not ended_here(text, tmp_path), text
