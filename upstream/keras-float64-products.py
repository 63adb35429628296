"""A float64 layer multiplies in float32: errors near 1e-7, under a float64 result.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[[1.0]]])
h0 = np.array([[0.5]])
W_x, W_h, b = np.float64([[0.1]]), np.float64([[0.0]]), np.float64([0.0])

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

output, *states = layer(x, initial_state=[h0])
got = keras.ops.convert_to_numpy(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = h0.astype("longdouble"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.astype("float64").tolist())
print("got     ", got.tolist())
bound = np.array([[[1.38e-15]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
