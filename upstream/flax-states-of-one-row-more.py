"""A state in a batch of one row is taken beside input without a batch axis, and output has that axis.

Clause ERR-10 of rnn-conformance: rows in other batch axes are an error."""

import flax
import numpy as np
from flax import nnx

rnn = nnx.RNN(nnx.SimpleCell(1, 4, rngs=nnx.Rngs(0)))
x, carry = np.ones((5, 1), "float32"), np.zeros((1, 4), "float32")  # time and input; a batch of one row, and units
try:
    y = rnn(x, initial_carry=carry)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got outputs of shape {y.shape} for input of shape {x.shape} of flax {flax.__version__}")
