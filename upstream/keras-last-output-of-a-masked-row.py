"""The last output of a row of which every step is masked is zero; the state returned beside it is the initial
one.

Clause DIR-4 of rnn-conformance: backwards leaves out the same steps."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x, h0, mask = np.float32([[[1.0]]]), np.float32([[0.5]]), np.array([[False]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x, initial_state=[h0], mask=mask)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = h0.astype("float64")
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0)
