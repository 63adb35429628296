"""Unrolled and going backwards, a layer that is given a mask raises AttributeError.

Clause OPT-2 of rnn-conformance: unrolling changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[[1.0]]], "float32")
mask = np.array([[True]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in reversed(range(1)):
    h = np.where(mask[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.tolist())

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, go_backwards=True, unroll=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

output, *states = layer(x, mask=mask)
got = keras.ops.convert_to_numpy(output)
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 7.99e-07)
close = np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
