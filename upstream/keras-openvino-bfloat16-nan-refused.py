"""NaN in the input of a bfloat16 layer raises RuntimeError.

Clause NAN-1 of rnn-conformance: nan stays nan."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.float32([[[np.nan]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist())

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(1, dtype="bfloat16", recurrent_initializer="zeros", **options)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0]).astype("float32")
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
