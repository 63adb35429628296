"""A SimpleCell with a narrow `param_dtype` raises a TypeError when it is applied, though it is given its
weights.

Clause DTY-1 of rnn-conformance: what is returned has the type of the network."""

import flax
import jax
import numpy as np
from flax import linen as nn

x, h0 = np.float32([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + h0.astype("float64") @ W_h.T + b)[:, None]
print("flax", flax.__version__, "\nexpected", expected.tolist())

rnn = nn.RNN(nn.SimpleCell(1, param_dtype="bfloat16"))
weights = {"cell": {"i": {"kernel": W_x.T.astype("bfloat16"), "bias": b.astype("bfloat16")}, "h": {"kernel": W_h.T.astype("bfloat16")}}}

carry, y = jax.jit(rnn.apply, static_argnames="return_carry")({"params": weights}, x.astype("bfloat16"), initial_carry=h0.astype("bfloat16"), return_carry=True)
got = np.array(y).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=6.82e-03), got.tolist()
