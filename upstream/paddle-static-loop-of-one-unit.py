"""As paddle-static-loop-of-one-row, for one unit and lengths.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import numpy as np
import paddle

x = np.array([[[1.0], [2.0]], [[1.0], [2.0]]], "float32")
lengths = np.array([2, 1])
W_x, W_h, b = np.float32([[0.5]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h, states = np.zeros((2, 1), "float64"), []
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
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
y, h_n = rnn(x_t, sequence_length=paddle.to_tensor(lengths))
got = y.numpy()
print("got     ", got.tolist())
bound = np.array([[[8.22e-07], [8.41e-07]], [[8.22e-07], [np.inf]]])
got = np.where(bound < np.inf, got, expected)  # of the others nothing is claimed
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
