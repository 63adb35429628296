"""A float64 cell that is called by itself returns float32.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "numpy"
import keras
import numpy as np

x = np.array([[[1.0]]])
W_x, W_h, b = np.array([[0.5]]), np.array([[0.5]]), np.array([0.25])

layer = keras.layers.SimpleRNNCell(1, dtype="float64")
layer.build((None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x[:, 0], layer.get_initial_state(1))[0])[:, None]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float64", f"expected float64; got {got.dtype}"
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.54e-15)
