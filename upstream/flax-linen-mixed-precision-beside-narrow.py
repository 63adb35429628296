"""As flax-carry-of-mixed-precision, in clauses that ask each case of a narrow type in mixed precision, too.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import flax
import jax
import numpy as np
from flax import linen as nn

x, h0 = np.float32([[[1.0, -1.0]]]), np.float32([[0.5, -0.5]])
W_x = np.float32([[1.0, 0.5], [0.25, 1.0]])
W_h = np.float32([[0.5, 0.25], [1.0, 0.5]])
b = np.float32([0.25, 0.5])

# as the recurrence gives it in a wider type
expected = np.array([[[0.875, 0.0]]])
print("flax", flax.__version__, "\nexpected", expected.tolist())

rnn = nn.RNN(nn.SimpleCell(2, dtype="bfloat16", activation_fn=jax.nn.relu))
weights = {"cell": {"i": {"kernel": W_x.T, "bias": b}, "h": {"kernel": W_h.T}}}

carry, y = jax.jit(rnn.apply, static_argnames="return_carry")({"params": weights}, x, initial_carry=h0, return_carry=True)
got = np.array(y).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.79e-02), got.tolist()
