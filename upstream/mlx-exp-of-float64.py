"""sigmoid, softplus and elu of float64 have the accuracy of float32.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import mlx.core as mx
import numpy as np
from mlx import nn

x, h0 = np.array([[[1.0]]]), np.array([[0.5]])
W_x, W_h, b = np.array([[1.0]]), np.array([[0.5]]), np.array([0.25])

rnn = nn.RNN(1, 1, nonlinearity=nn.sigmoid)
rnn.update({name: mx.array(w, mx.float64) for name, w in [("Wxh", W_x), ("Whh", W_h), ("bias", b)]})

got = np.array(rnn(mx.array(x, mx.float64), mx.array(h0, mx.float64)))

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("longdouble") @ W_x.T + h0.astype("longdouble") @ W_h.T + b
expected = (1 / (1 + np.exp(-z)))[:, None]
print("mx", mx.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.44e-15)
