"""Where the nonlinearity is a module, such as nn.ReLU(), tanh is computed without a word.

Clause FWD-1 of rnn-conformance: every step follows the recurrence."""

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1, nonlinearity=nn.ReLU())
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

got = np.array(rnn(mx.array(x)))

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.maximum(x[:, 0].astype("float64") @ W_x.T + b, 0)[:, None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=3.73e-07)
