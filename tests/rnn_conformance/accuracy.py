"""How exact a framework's tanh is, seen through its layer: `python -m rnn_conformance.accuracy torch …`.

The largest error found is what C of NUM-1 has to cover. One adapter for each process of Keras.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call
from rnn_adapters.registry import load_adapter
from rnn_reference.network import Cell, Layer, Network
from rnn_reference.precision import precision_of

RANGES = ((0.0, 1e-3), (0.0, 1.0), (0.0, 4.0), (4.0, 10.0))
POINTS = 200_000


def tanh_error(adapter: Adapter[Any], points: int = POINTS) -> float:
    """The largest |computed − tanh z| over float32 points of each range, in units of u.

    One unit with input weight 1 and no recurrence: its pre-activation is the input, exactly.
    """
    one, zero = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    model = adapter.load(Network(Layer(Cell(one, zero, zero[0]))))
    worst = 0.0
    for low, high in RANGES:
        z = np.random.default_rng(0).uniform(low, high, (points, 1, 1)).astype(np.float32)
        computed = adapter.run(model, Call(z)).sequence
        assert computed is not None
        error = np.abs(computed.astype(np.float64) - np.tanh(z.astype(np.float64)))
        worst = max(worst, float(error.max()))
    return worst / precision_of(np.dtype(np.float32)).unit_roundoff


if __name__ == "__main__":
    for name in sys.argv[1:]:
        adapter = load_adapter(name)
        print(f"{adapter.name}: {tanh_error(adapter):.1f} u")
