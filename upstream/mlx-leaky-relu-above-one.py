"""leaky_relu of a slope above 1 is the other side of itself: z below 0, and the slope times z above.

Clause ACT-8 of rnn-conformance: leaky relu."""

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.0]]), np.float32([0.0])

rnn = nn.RNN(1, 1, nonlinearity=lambda z: nn.leaky_relu(z, 2.0))
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

got = np.array(rnn(mx.array(x)))

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("float64") @ W_x.T
expected = np.where(z > 0, z, 2.0 * z)[:, None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.19e-07)
