"""Where the nonlinearity is a module, such as nn.ReLU(), tanh is computed without a word.

Clause FWD-1 of rnn-conformance: every step follows the recurrence."""

import mlx.core as mx
import numpy as np
from mlx import nn

x = np.array([[[1.0]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = nn.RNN(1, 1, nonlinearity=nn.ReLU())
rnn.update({"Wxh": mx.array(W_x), "Whh": mx.array(W_h), "bias": mx.array(b)})

y = rnn(mx.array(x))
got = np.array(y)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(1):
    h = np.maximum(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b, 0)
    states.append(h)
expected = np.stack(states, axis=1)
print("mx", mx.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 3.73e-07)
close = np.allclose(got, expected, rtol=0, atol=3.73e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
