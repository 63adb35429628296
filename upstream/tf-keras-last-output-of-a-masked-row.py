"""The last output of a row of which every step is masked is zero; the state returned beside it is the initial
one.

Clause DIR-4 of rnn-conformance: backwards leaves out the same steps."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x = np.array([[[1.0]]], "float32")
h0 = np.array([[0.5]], "float32")
mask = np.array([[False]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

output, *states = layer(x, initial_state=[tf.constant(h0)], mask=mask)
got = np.asarray(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h = h0.astype("float64")
for t in range(1):
    h = np.where(mask[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
expected = h
print("keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 0)
close = np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
