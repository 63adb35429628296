"""Lengths below 0 and above T are taken.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import flax
import jax
import numpy as np
from flax import nnx

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([1002, 1001, 1001])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nnx.RNN(nnx.SimpleCell(1, 1, rngs=nnx.Rngs(0)))
nnx.update(rnn, {"cell": {"dense_i": {"kernel": W_x.T, "bias": b}, "dense_h": {"kernel": W_h.T}}})

try:
    call = nnx.jit(nnx.RNN.__call__, static_argnames="return_carry")
    got = np.array(call(rnn, x, seq_lengths=lengths, return_carry=True)[1])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of flax {flax.__version__}")
