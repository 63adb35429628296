"""softplus of float64 is z itself above 20: it is wrong by up to 2e-9.

Clause ACT-15 of rnn-conformance: activations of float64 of any size."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[[12.0], [5e-324], [8.185872241261927e-114], [24.0]]])
W_x, W_h, b = np.array([[1.0]]), np.array([[0.0]]), np.array([0.0])

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(1, dtype="float64", activation="softplus", **options)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0])

# as the recurrence gives it in a wider type
expected = np.array([[[12.000006144193478], [0.6931471805599453], [0.6931471805599453], [24.00000000003775]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.27e-14)
