"""With lengths and two batch axes, final states have an axis too many.

Clause OPT-10 of rnn-conformance: any number of batch axes is as one."""

import flax
import numpy as np
from flax import nnx

rnn = nnx.RNN(nnx.SimpleCell(1, 3, rngs=nnx.Rngs(0)))
x = np.ones((2, 2, 4, 1), "float32")  # two batch axes, time, input
lengths = np.array([[4, 1], [2, 3]])
carry, y = rnn(x, seq_lengths=lengths, return_carry=True)
expected = (2, 2, 3)
print("flax", flax.__version__)
print("expected", expected)
print("got     ", carry.shape)
raise SystemExit(0 if carry.shape == expected else 1)
