"""Input or states of float64 make a layer of float32 give float64.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import mlx.core as mx
import numpy as np
from mlx import nn

x, h0 = np.array([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1)
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

got = np.array(rnn(mx.array(x, mx.float64), mx.array(h0)))

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0] @ W_x.T + h0.astype("float64") @ W_h.T + b)[:, None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float32", f"expected float32; got {got.dtype}"
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07)
