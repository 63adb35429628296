"""An empty string for the nonlinearity is tanh; other strings are refused.

Clause ERR-6 of rnn-conformance: an unknown activation is an error."""

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1, nonlinearity="")
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

try:
    got = np.array(rnn(mx.array(x)))
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of mx {mx.__version__}")
