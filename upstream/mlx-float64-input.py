"""Input or states of float64 make a layer of float32 give float64.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.array([[[1.0]]])
h0 = np.array([[0.5]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1)
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

y = rnn(mx.array(x, mx.float64), mx.array(h0))
got = np.array(y)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = h0.astype("float64"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("mx", mx.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
assert got.dtype == "float32", f"expected float32; got {got.dtype}"
print("difference", abs(got - expected).max(initial=0), "of at most", 7.80e-07)
close = np.allclose(got, expected, rtol=0, atol=7.80e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
