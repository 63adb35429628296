"""Under relu, NaN becomes 0.

Clause NAN-1 of rnn-conformance: nan stays nan."""

import numpy as np
import paddle

x = np.array([[[np.nan]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.SimpleRNN(1, 1, activation="relu")
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
y, h_n = rnn(x_t)
got = y.numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(1):
    h = np.maximum(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b, 0)
    states.append(h)
expected = np.stack(states, axis=1)
print("paddle", paddle.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 0)
close = np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
