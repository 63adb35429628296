"""A stateful layer gives zero as the last output of a row of which every step is masked; the state that it
keeps is the one before.

Clause HIS-2 of rnn-conformance: kept states go through a history."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x_0 = np.float32([[[1.0]]])
x, mask = np.float32([[[1.0]]]), np.array([[False]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_state=True, stateful=True)
layer.build((1, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

output, *states = layer(x_0)
got = keras.ops.convert_to_numpy(layer(x, mask=mask)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x_0[:, 0].astype("float64") @ W_x.T + b)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07)
