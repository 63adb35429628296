"""A state of three axes is broadcast with the input, and the output has an axis more.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])
h0_0 = np.float32([[0.5], [0.5], [0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1)
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

try:
    got = np.array(rnn(mx.array(x), mx.array(h0_0)))
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of mx {mx.__version__}")
