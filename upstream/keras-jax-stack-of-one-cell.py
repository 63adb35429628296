"""RNN of a list of one cell that is given no initial states raises TypeError: the carry of the scan changes
its structure.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x = np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist())

cells = [keras.layers.SimpleRNNCell(1)]
layer = keras.layers.RNN(cells, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(jax.jit(layer)(x)[0])
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07), got.tolist()
