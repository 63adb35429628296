"""One length is taken for all rows of a batch.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import flax
import numpy as np
from flax import nnx

rnn = nnx.RNN(nnx.SimpleCell(1, 1, rngs=nnx.Rngs(0)))
outputs = rnn(np.ones((3, 2, 1), "float32"), seq_lengths=np.array([1]))
print("flax", flax.__version__, "\nexpected an error", "\ngot     ", outputs.shape)
