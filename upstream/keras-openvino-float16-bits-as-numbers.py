"""float16 input that is not contiguous in memory is read as the whole numbers that have its bits: -0.5 as
-18432.

Clause OPT-1 of rnn-conformance: options act together as each does alone."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.array([[[0.25, -0.25], [0.5, 1.0]]], "float16")
W_x = np.array([[1.0, 2.0], [0.5, 0.25]], "float16")
W_h = np.array([[0.0, 0.0], [0.0, 0.0]], "float16")
b = np.array([0.0, 0.0], "float16")

layer = keras.layers.SimpleRNN(2, dtype="float16", recurrent_initializer="zeros", return_sequences=True, return_state=True)
layer.build((None, None, 2))
layer.set_weights([W_x.T, W_h.T, b])

output, *states = layer(x)
got = keras.ops.convert_to_numpy(output).astype("float32")

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 2), "float64"), []
for t in range(2):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 8.08e-04)
close = np.allclose(got, expected, rtol=0, atol=8.08e-04, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
