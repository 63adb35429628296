"""Complex input is taken, and the output is complex.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import mlx.core as mx
import numpy as np
from mlx import nn

x, h0 = np.complex64([[[(1+1j)]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1)
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

try:
    got = np.array(rnn(mx.array(x), mx.array(h0)))
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of mx {mx.__version__}")
