"""A state in a batch of one row is taken beside input without a batch axis, and output has that axis.

Clause ERR-10 of rnn-conformance: rows in other batch axes are an error."""

import mlx.core as mx
import mlx.nn as nn

x, hidden = mx.ones((5, 1)), mx.ones((1, 4))  # time and input; a batch of one row, and units
try:
    y = nn.RNN(1, 4)(x, hidden)
    mx.eval(y)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got outputs of shape {y.shape} for input of shape {x.shape} of mlx {mx.__version__}")
