"""RNN cannot be made into a program for training if the batch is 1.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import numpy as np
import paddle

x = np.array([[[1.0]]], "float32")
W_x, W_h, b = np.float32([[0.5]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("paddle", paddle.__version__)
print("expected", expected.tolist())

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)
rnn = paddle.jit.to_static(rnn, full_graph=True)

x_t = paddle.to_tensor(x)
y, h_n = rnn(x_t)
got = y.numpy()
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 8.22e-07)
close = np.allclose(got, expected, rtol=0, atol=8.22e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
