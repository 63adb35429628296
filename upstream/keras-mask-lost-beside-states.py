"""A mask made by Masking or Embedding is ignored by a layer that is called with initial states.

Clause OPT-9 of rnn-conformance: steps not taken can be said otherwise."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

h0, W_x, W_h, b = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in, h0_in = keras.Input((None, 1)), keras.Input((1,))
model = keras.Model([x_in, h0_in], layer(keras.layers.Masking(0)(x_in), initial_state=[h0_in]))

got = keras.ops.convert_to_numpy(model([np.float32([[[1.0], [0.0]]]), h0])[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.tanh(np.float32([[[1.0], [2.0]]])[:, 0].astype("float64") @ W_x.T + h0.astype("float64") @ W_h.T + b)
expected = np.stack([h_1, h_1], axis=1)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07)
