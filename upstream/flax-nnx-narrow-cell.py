"""SimpleCell cannot be made with a narrow `param_dtype` unless it is given another initialiser.

Clause DTY-1 of rnn-conformance: what is returned has the type of the network."""

import flax
import jax
import numpy as np
from flax import nnx

x, h0 = np.float32([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + h0.astype("float64") @ W_h.T + b)[:, None]
print("flax", flax.__version__, "\nexpected", expected.tolist())

rnn = nnx.RNN(nnx.SimpleCell(1, 1, dtype="bfloat16", param_dtype="bfloat16", rngs=nnx.Rngs(0)))
nnx.update(rnn, {"cell": {"dense_i": {"kernel": W_x.T.astype("bfloat16"), "bias": b.astype("bfloat16")}, "dense_h": {"kernel": W_h.T.astype("bfloat16")}}})

call = nnx.jit(nnx.RNN.__call__, static_argnames="return_carry")
carry, y = call(rnn, x.astype("bfloat16"), initial_carry=h0.astype("bfloat16"), return_carry=True)
got = np.array(y).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=6.82e-03), got.tolist()
