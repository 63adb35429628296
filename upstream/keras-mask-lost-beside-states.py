"""A mask made by Masking or Embedding is ignored by a layer that is called with initial states.

Clause OPT-9 of rnn-conformance: steps not taken can be said otherwise."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x, h0, mask = np.float32([[[1.0], [2.0]]]), np.float32([[0.5]]), np.bool([[True, False]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
h0_in = keras.Input((1,))
output, *states = layer(keras.layers.Masking(0)(x_in), initial_state=[h0_in])
model = keras.Model([x_in, h0_in], [output, *states])

x[~mask] = 0
got = keras.ops.convert_to_numpy(model([x, h0])[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = h0.astype("float64"), []
for t in range(2):
    h = np.where(mask[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07, equal_nan=True)
