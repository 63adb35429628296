"""A mask made by Masking or Embedding is ignored by a layer that is called with initial states.

Clause OPT-9 of rnn-conformance: steps not taken can be said otherwise."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

h0 = np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in, h0_in = keras.Input((None, 1)), keras.Input((1,))
model = keras.Model([x_in, h0_in], layer(keras.layers.Masking(0)(x_in), initial_state=[h0_in]))

got = keras.ops.convert_to_numpy(model([np.float32([[[1.0], [0.0]]]), h0])[0])

# as the recurrence gives it in a wider type
expected = np.array([[[0.9051482536448665], [0.9051482536448665]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07)
