"""Masking rounds its mask_value to float32: float64 input that holds a number which float32 does not is not
masked.

Clause OPT-9 of rnn-conformance: steps not taken can be said otherwise."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

W_x, W_h, b = np.array([[1.0, 0.5]]), np.array([[0.5]]), np.array([0.25])

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 2))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 2), dtype="float64")
model = keras.Model([x_in], layer(keras.layers.Masking(0.1, dtype="float64")(x_in)))

got = keras.ops.convert_to_numpy(model([np.array([[[0.1, 1.0], [0.1, 0.1]]])])[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.tanh(np.array([[[0.1, 1.0], [1.0, 1.0]]])[:, 0].astype("longdouble") @ W_x.T + b)
expected = np.stack([h_1, h_1], axis=1)
print("keras", keras.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.58e-15)
