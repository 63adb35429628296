"""Beside a mask, RNN of a list of cells that is given initial states fails, or broadcasts its output, if its
bottom cell has another size than the top one.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np

x, states = np.float32([[[1.0]]]), [np.zeros((1, size), np.float32) for size in (2, 1)]
layer = keras.layers.RNN([keras.layers.SimpleRNNCell(size) for size in (2, 1)], return_sequences=True)
got = layer(x, initial_state=states, mask=np.array([[True]]))
print("keras", keras.__version__, "\nexpected", layer(x, initial_state=states).shape, "\ngot     ", got.shape)
assert got.shape == (1, 1, 1)
