"""RNN of a SimpleCell with a narrow `dtype` raises a TypeError, but for a carry that is given in that type.

Clause DTY-6 of rnn-conformance: mixed precision rounds weights and input first."""

import flax
import jax
import numpy as np
from flax import nnx

x = np.float32([[[1.0, -1.0]]])
W_x = np.float32([[1.0, 1.0], [0.25, 1.0]])
W_h = np.float32([[0.0, 0.0], [0.0, 0.0]])
b = np.float32([0.0, 0.0])

# as the recurrence gives it in a wider type
expected = np.array([[[0.0, -0.6351489523872873]]])
print("flax", flax.__version__, "\nexpected", expected.tolist())

rnn = nnx.RNN(nnx.SimpleCell(2, 2, dtype="bfloat16", rngs=nnx.Rngs(0)))
nnx.update(rnn, {"cell": {"dense_i": {"kernel": W_x.T, "bias": b}, "dense_h": {"kernel": W_h.T}}})

carry, y = nnx.jit(nnx.RNN.__call__, static_argnames="return_carry")(rnn, x, return_carry=True)
got = np.array(y).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.84e-03), got.tolist()
