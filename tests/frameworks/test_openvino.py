"""What only OpenVINO can show: run where it is installed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rnn_adapters import Call, load_adapter, load_framework
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
