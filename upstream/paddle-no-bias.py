"""A SimpleRNN without biases ends the process (SIGSEGV) when it is called.

Clause FWD-1 of rnn-conformance: every step follows the recurrence."""

import numpy as np
import paddle

x = np.array([[[1.0]]], "float32")
W_x, W_h = np.float32([[1.0]]), np.float32([[0.5]])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T)
    states.append(h)
expected = np.stack(states, axis=1)
print("paddle", paddle.__version__)
print("expected", expected.tolist())

rnn = paddle.nn.SimpleRNN(1, 1, bias_ih_attr=False, bias_hh_attr=False)
weights = [W_x, W_h]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
y, h_n = rnn(x_t)
got = y.numpy()
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 7.94e-07)
close = np.allclose(got, expected, rtol=0, atol=7.94e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
