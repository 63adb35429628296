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
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("mx", mx.__version__, "\nexpected", expected.astype("float64").tolist())

rnn = nn.RNN(1, 1)
rnn.update({
    "Wxh": mx.array(W_x, mx.float64), "Whh": mx.array(W_h, mx.float64), "bias": mx.array(b, mx.float64),
})
path = os.path.join(tempfile.mkdtemp(), "rnn.safetensors")
rnn.save_weights(path)
rnn = nn.RNN(1, 1)
rnn.load_weights(path)

got = np.array(rnn(mx.array(x, mx.float64)))
print(got.tolist())
bound = np.array([[[1.49e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
