"""A stateful RNN of a list of cells cannot be reset.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

x = np.array([[[1.0], [2.0]]], "float32")
cells = [keras.layers.SimpleRNNCell(1), keras.layers.SimpleRNNCell(1)]
layer = keras.layers.RNN(cells, stateful=True)
expected = keras.ops.convert_to_numpy(layer(x))
print("keras", keras.__version__)
print("expected", expected.tolist())

try:
    layer.reset_state()
except AttributeError as error:
    print("got      AttributeError:", error)
    sys.exit(1)
got = keras.ops.convert_to_numpy(layer(x))
print("got     ", got.tolist())
print("difference", abs(got - expected).max())
sys.exit(int((got != expected).any()))
