"""A float64 layer computes sums and activations in float32: errors near 1e-7, under a float64 result.

Clause NUM-11 of rnn-conformance: the activation of float64 is computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "numpy"
import keras
import numpy as np

x = np.array([[[0.10000000149011612]]])
W_x, W_h, b = np.array([[1.0]]), np.array([[0.0]]), np.array([0.0])

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T)[:, None]
print("keras", keras.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.38e-15)
