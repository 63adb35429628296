"""What only ONNX can show: run where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_adapters import Call, load_adapter, load_framework
from rnn_adapters.registry import missing_modules
from rnn_reference import Cell, Layer, Network, bound_network

INSTALLED = [
    framework
    for framework in map(load_framework, ("onnx", "onnx-reference"))
    if not missing_modules(framework)
]


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
