"""A stateful RNN of a list of cells cannot be reset.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

x = np.float32([[[1.0], [2.0]]])
layer = keras.layers.RNN([keras.layers.SimpleRNNCell(1) for _ in range(2)], stateful=True)
expected = keras.ops.convert_to_numpy(layer(x))
print("keras", keras.__version__, "\nexpected", expected.tolist(), "after a reset")

layer.reset_state()
got = keras.ops.convert_to_numpy(layer(x))
print("got     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
