"""softplus of float64 is z itself above 20: it is wrong by up to 2e-9.

Clause ACT-15 of rnn-conformance: activations of float64 of any size."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x, W_x, W_h, b = np.array([[[5e-324], [25.0]]]), np.array([[1.0]]), np.array([[0.0]]), np.array([0.0])

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(1, dtype="float64", activation="softplus", **options)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.logaddexp(x[:, 0].astype("longdouble") @ W_x.T, 0)
h_2 = np.logaddexp(x[:, 1].astype("longdouble") @ W_x.T, 0)
expected = np.stack([h_1, h_2], axis=1)
print("keras", keras.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.47e-14)
