"""The final state of a row of length 0 is the one after all of its padding.

Clause LEN-6 of rnn-conformance: a row of no steps keeps its state."""

import flax
import jax
import numpy as np
from flax import nnx

x, h0, lengths = np.float32([[[1.0], [3.0]], [[2.0], [4.0]]]), np.float32([[0.5], [0.25]]), np.array([2, 0])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nnx.RNN(nnx.SimpleCell(1, 1, rngs=nnx.Rngs(0)))
nnx.update(rnn, {"cell": {"dense_i": {"kernel": W_x.T, "bias": b}, "dense_h": {"kernel": W_h.T}}})

call = nnx.jit(nnx.RNN.__call__, static_argnames="return_carry")
got = np.array(call(rnn, x, initial_carry=h0, seq_lengths=lengths, return_carry=True)[0])[None]

# as the recurrence gives it in a wider type
expected = np.array([[[0.998784511228754], [0.25]]])
print("flax", flax.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.22e-07)
