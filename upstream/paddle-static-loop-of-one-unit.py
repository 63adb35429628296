"""As paddle-static-loop-of-one-row, for one unit and lengths.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import numpy as np
import paddle

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]]]), np.int64([2, 1])
W_x, W_h, b = np.float32([[0.5]]), np.float32([[0.25]]), np.float32([0.125])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h, states = np.zeros((2, 1), "float64"), []
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(h)
expected = np.stack(states, axis=1)
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)
rnn = paddle.jit.to_static(rnn, full_graph=True)

x_t = paddle.to_tensor(x)
got = rnn(x_t, sequence_length=paddle.to_tensor(lengths))[0].numpy()
print(got.tolist())
bound = np.array([[[8.23e-07], [8.54e-07]], [[8.23e-07], [np.inf]]])
got = np.where(bound < np.inf, got, expected)  # of the others nothing is claimed
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
