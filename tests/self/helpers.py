"""Small networks for the self-tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_adapters.declarations import Supports
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.strategies import FORMS
from rnn_conformance.faults.plain import PlainNumpy
from rnn_reference.activations import ACTIVATIONS, Activation
from rnn_reference.network import Array, Cell, Layer, Network

EVERYTHING: Supports = PlainNumpy.supports
"""All that there is to support."""

LITTLE = Supports(activations=("tanh", "relu"), dtypes=("float32",), sequence=True, final_states=True)
"""One layer of one direction."""

ACTIVATION_FORMS: tuple[str, ...] = (
    *ACTIVATIONS,
    *(str(form) for forms in FORMS.values() for form in forms[1:]),
    "elu(alpha=0.3)",
    "leaky_relu(alpha=0.0)",
    "hard_sigmoid(alpha=0.3, beta=-0.1)",
    "affine(alpha=0.3, beta=0.7)",
    "scaled_tanh(alpha=1.7159, beta=0.6667)",
)
"""Every activation, those with parameters under several."""


def random_cell(
    input_size: int,
    hidden_size: int,
    *,
    seed: int = 0,
    dtype: Any = "float32",
    activation: Activation | str = "tanh",
    biases: int = 1,
    gain: float = 1.0,
) -> Cell:
    """A cell of moderate random weights."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Array:
        numbers: Array = rng.normal(size=shape) * gain * max(shape[-1], 1) ** -0.5
        return numbers.astype(dtype)

    b, b_h = (draw(hidden_size) if index < biases else None for index in range(2))
    return Cell(draw(hidden_size, input_size), draw(hidden_size, hidden_size), b, b_h, activation)


def random_case(
    *cells: Cell, batch: int = 2, time: int = 4, seed: int = 1, states: bool = True, stacked: bool = False
) -> Case:
    """A case of one layer of one or two cells, or of one layer for each cell."""
    network = Network([Layer(cell) for cell in cells] if stacked else [Layer(*cells)])
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, time, network.input_size)).astype(network.dtype)
    initial = tuple(rng.normal(size=shape).astype(network.dtype) for shape in network.state_shapes(batch))
    return Case.of(network, x, initial if states else None)
