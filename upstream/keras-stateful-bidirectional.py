"""A stateful bidirectional layer that returns its states raises TypeError.

Clause STA-3 of rnn-conformance: a stateful layer goes on where it was."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x, W_x_0, W_h_0, b_0 = np.float32([[[1.0]]]), np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_0 = np.tanh(x[:, 0].astype("float64") @ W_x_0.T + b_0)
expected = np.concatenate([h_0, np.tanh(x[:, 0].astype("float64") @ W_x_1.T + b_1)], axis=-1)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist())

rnn = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, stateful=True)
layer = keras.layers.Bidirectional(rnn)
layer.build((1, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(layer(x)[0])
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.19e-07), got.tolist()
