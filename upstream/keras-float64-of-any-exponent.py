"""As keras-float64-beyond-float32, of input, states, biases and weights that are large or small.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[[1.6069380442589903e+60, 8.034690221294951e+59]]])
W_x, W_h, b = np.array([[1.0, -1.0]]), np.array([[0.0]]), np.array([0.0])

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 2))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T)[:, None]
print("keras", keras.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.34e-15)
