"""Lengths in batch axes (3, 2) are taken beside input in batch axes (2, 3).

Clause ERR-10 of rnn-conformance: rows in other batch axes are an error."""

import flax
import numpy as np
from flax import nnx

rnn = nnx.RNN(nnx.SimpleCell(1, 4, rngs=nnx.Rngs(0)))
x = np.ones((2, 3, 5, 1), "float32")  # two batch axes, time, input
try:
    carry, y = rnn(x, seq_lengths=np.ones((3, 2), int), return_carry=True)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got final states of shape {carry.shape} of flax {flax.__version__}")
