"""A float64 layer that is given a mask raises RuntimeError: two operands of a selection are of different
types.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x, mask = np.array([[[1.0], [2.0]]]), np.array([[True, True]])
W_x, W_h, b = np.array([[1.0]]), np.array([[0.5]]), np.array([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)
h_2 = np.tanh(x[:, 1].astype("longdouble") @ W_x.T + h_1 @ W_h.T + b)
expected = np.stack([h_1, h_2], axis=1)
print("keras", keras.__version__, "\nexpected", np.float64(expected).tolist())

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x, mask=mask)[0])
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.49e-15), got.tolist()
