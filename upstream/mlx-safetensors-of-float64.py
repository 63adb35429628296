"""Weights of float64 cannot be written to a .safetensors file.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import tempfile

import mlx.core as mx
import numpy as np
from mlx import nn

x, W_x, W_h, b = np.array([[[1.0]]]), np.array([[1.0]]), np.array([[0.5]]), np.array([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("mx", mx.__version__, "\nexpected", np.float64(expected).tolist())

rnn = nn.RNN(1, 1)
rnn.update({name: mx.array(w, mx.float64) for name, w in [("Wxh", W_x), ("Whh", W_h), ("bias", b)]})
path = tempfile.mkdtemp() + "/rnn.safetensors"
rnn.save_weights(path)
rnn = nn.RNN(1, 1)
rnn.load_weights(path)

got = np.array(rnn(mx.array(x, mx.float64)))
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.49e-15), got.tolist()
