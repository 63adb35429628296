"""A model as Keras's users make it, for tests of ports that have Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rnn_reference import Cell, Layer, Network


def installed_keras() -> Any:
    """Keras, on a backend that is installed, too."""
    from rnn_adapters.keras.adapter import imported_keras
    from rnn_adapters.port.running import keras_backend

    return imported_keras(keras_backend())


def keras_model(path: Path) -> Network:
    """A deep bidirectional network as Keras's users make it, with a Dense behind; what Keras holds of it."""
    keras = installed_keras()
    layers = keras.layers
    rnn = layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True))
    top = layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True))
    model = keras.Sequential([keras.Input((None, 3)), rnn, layers.Dropout(0.1), top, layers.Dense(2)])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) / 2 for weight in model.get_weights()])
    model.save(path)
    cells = []
    for each in (rnn, top):
        for direction in (each.forward_layer, each.backward_layer):
            W_x, W_h, b = direction.get_weights()
            cells.append(Cell(W_x.T.copy(), W_h.T.copy(), b))
    return Network([Layer(*cells[:2]), Layer(*cells[2:])])
