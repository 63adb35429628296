"""Surplus initial states are ignored where there is a mask. (Without one an error is raised.)

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])
h0_0, h0_1 = np.float32([[0.5], [0.5], [0.5]]), np.float32([[0.5], [0.5], [0.5]])
mask = np.array([[True], [True], [True]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = keras.ops.convert_to_numpy(layer(x, initial_state=[h0_0, h0_1], mask=mask)[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
