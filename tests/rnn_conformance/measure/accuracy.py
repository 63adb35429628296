"""How exact activations are, seen through the layer: `rnn-conformance measure accuracy torch …`.

The largest error found is what C of NUM-1 has to cover. One adapter for each process of Keras.
"""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from rnn_adapters.adapter import Adapter, Call
from rnn_adapters.registry import load_adapter
from rnn_reference.activations import Activation, phi
from rnn_reference.network import Cell, Layer, Network
from rnn_reference.precision import precision_of

RANGES = ((0.0, 1e-3), (0.0, 1.0), (0.0, 4.0), (4.0, 10.0))
POINTS = 200_000


def activation_error(adapter: Adapter[Any], activation: Activation, points: int = POINTS) -> float:
    """The largest |computed − φ(z)| over float32 points of each range and sign, in units of u max(1, |φ(z)|).

    One unit with input weight 1 and no recurrence: its pre-activation is the input, exactly.
    """
    one, zero = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    model = adapter.load(Network(Layer(Cell(one, zero, zero[0], activation=activation))))
    generator = np.random.default_rng(0)
    worst = 0.0
    for low, high in RANGES:
        z = generator.uniform(low, high, (points, 1, 1)) * generator.choice((-1, 1), (points, 1, 1))
        z = z.astype(np.float32)
        computed = adapter.run(model, Call(z)).sequence
        assert computed is not None
        exact = phi(activation).value(z.astype(np.float64))
        error = np.abs(computed.astype(np.float64) - exact) / np.maximum(np.abs(exact), 1)
        worst = max(worst, float(error.max()))
    return worst / precision_of(np.dtype(np.float32)).unit_roundoff


@click.command()
@click.argument("adapters", nargs=-1, required=True)
def main(adapters: tuple[str, ...]) -> None:
    """Print the largest error of each activation, in units of u max(1, |φ(z)|)."""
    for name in adapters:
        adapter = load_adapter(name)
        for activation in map(Activation, adapter.supports.activations):
            click.echo(f"{adapter.name}, {activation}: {activation_error(adapter, activation):.1f} u")


if __name__ == "__main__":
    main()
