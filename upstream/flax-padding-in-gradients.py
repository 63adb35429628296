"""Gradients are NaN if the padding of the input is NaN or infinite.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import flax
import jax
import numpy as np
from flax import nnx

x, h0 = np.float32([[[1.0], [2.0]], [[1.0], [np.nan]]]), np.float32([[0.5], [0.25]])
W_x, W_h, b, d_h = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25]), np.float32([[1.125], [-0.5]])

def loss(x, h0, W_x, W_h, b):
    rnn = nnx.RNN(nnx.SimpleCell(1, 1, rngs=nnx.Rngs(0)))
    nnx.update(rnn, {"cell": {"dense_i": {"kernel": W_x.T, "bias": b}, "dense_h": {"kernel": W_h.T}}})
    carry, y = rnn(x, initial_carry=h0, seq_lengths=np.array([2, 1]), return_carry=True)
    return (np.float32([[[-0.75], [0.25]], [[-1.625], [0.0]]]) * y).sum() + (d_h * carry).sum()

got = np.array(jax.grad(loss, argnums=0)(*[x, h0, W_x, W_h, b]))

# as the recurrence gives it in a wider type
expected = np.array([[[-0.13331695288488754], [0.024493027163033643]], [[-0.4800480794814292], [0.0]]])
print("flax", flax.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=3.47e-06)
