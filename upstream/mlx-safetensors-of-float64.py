"""Weights of float64 cannot be written to a .safetensors file.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import os
import tempfile

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.array([[[1.0]]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "longdouble"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("mx", mx.__version__)
print("expected", expected.astype("float64").tolist())

rnn = nn.RNN(1, 1)
rnn.update({
    "Wxh": mx.array(W_x, mx.float64), "Whh": mx.array(W_h, mx.float64), "bias": mx.array(b, mx.float64),
})
path = os.path.join(tempfile.mkdtemp(), "rnn.safetensors")
rnn.save_weights(path)
rnn = nn.RNN(1, 1)
rnn.load_weights(path)

y = rnn(mx.array(x, mx.float64))
got = np.array(y)
print("got     ", got.tolist())
bound = np.array([[[1.49e-15]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
