"""sigmoid, softplus and elu of float64 have the accuracy of float32.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import mlx.core as mx
import numpy as np
from mlx import nn

x, h0 = np.float64([[[1.0]]]), np.float64([[0.5]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

rnn = nn.RNN(1, 1, nonlinearity=nn.sigmoid)
rnn.update({
    "Wxh": mx.array(W_x, mx.float64), "Whh": mx.array(W_h, mx.float64), "bias": mx.array(b, mx.float64),
})

got = np.array(rnn(mx.array(x, mx.float64), mx.array(h0, mx.float64)))

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("longdouble") @ W_x.T + h0.astype("longdouble") @ W_h.T + b
expected = (1 / (1 + np.exp(-z)))[:, None]
print("mx", mx.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[1.44e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
