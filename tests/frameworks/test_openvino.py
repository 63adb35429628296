"""What only OpenVINO can show: run where it is installed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rnn_adapters import Call, load_adapter, load_framework
from rnn_reference import Cell, Layer, Network, bound_network

NARROW = ("precision left alone", "model file")
"""Routes on which numbers are rounded to types of two bytes: recorded deviations."""


@pytest.mark.parametrize("route", ["", *load_framework("openvino").routes])
def test_a_first_call(route: str) -> None:
    rng = np.random.default_rng(0)
    W_x, W_h, b = (rng.normal(size=size).astype("f4") for size in ((3, 2), (3, 3), 3))
    network = Network([Layer(Cell(W_x, W_h, b))])
    x = rng.normal(size=(4, 5, 2)).astype("f4")
    adapter = load_adapter("openvino", route)
    output = adapter.run(adapter.load(network), Call(x))
    assert output.sequence is not None
    expected = bound_network(network, x).sequence
    bound = 2.0**-6 if route in NARROW else expected.bound
    assert (abs(output.sequence - expected.value) <= bound).all()


def test_nothing_is_sent_to_anybody() -> None:
    load_adapter("openvino")
    assert sys.modules["openvino_telemetry"] is None
    assert sys.modules["openvino.tools.ovc"].telemetry.__class__.__module__.endswith("telemetry_stub")
