"""Complex input is taken, and the output is complex.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.array([[[(1+1j)]]], "complex64")
h0 = np.array([[0.5]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1)
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

print("mx", mx.__version__)
try:
    y = rnn(mx.array(x), mx.array(h0))
    got = np.array(y)
except Exception as error:
    print("refused, as it should be:", type(error).__name__)
else:
    print("expected an error; got", got.tolist())
    raise SystemExit(1)
