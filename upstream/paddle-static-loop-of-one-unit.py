"""As paddle-static-loop-of-one-row, for one unit and lengths.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import numpy as np
import paddle

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]]]), np.array([2, 1])
W_x, W_h, b = np.float32([[0.5]]), np.float32([[0.25]]), np.float32([0.125])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)
h_2 = np.where(lengths[:, None] > 1, np.tanh(x[:, 1].astype("float64") @ W_x.T + h_1 @ W_h.T + b), h_1)
expected = np.stack([h_1, h_2], axis=1)
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
for parameter, array in zip(rnn.parameters(), [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_value(array)
rnn = paddle.jit.to_static(rnn, full_graph=True)

got = rnn(paddle.to_tensor(x), sequence_length=paddle.to_tensor(lengths))[0].numpy()
print(got.tolist())
claimed = np.array([[[True], [True]], [[True], [False]]])  # of others nothing is
assert got.shape == expected.shape and np.allclose(got[claimed], expected[claimed], rtol=0, atol=8.54e-07)
