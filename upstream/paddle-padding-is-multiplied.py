"""Where padding is NaN or infinite, so are outputs and states at masked time steps, which are NaN then.

Clause OPT-1 of rnn-conformance: options act together as each does alone."""

import numpy as np
import paddle

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [np.nan]]]), np.array([2, 1])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.SimpleRNN(1, 1)
for parameter, array in zip(rnn.parameters(), [W_x, W_h, b, 0 * b]):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
got = rnn(x_t, sequence_length=paddle.to_tensor(lengths))[0].numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)
z = x[:, 1].astype("float64") @ W_x.T + h_1 @ W_h.T + b
h_2 = np.where(lengths[:, None] > 1, np.tanh(z), 0)
expected = np.stack([h_1, h_2], axis=1)
print("paddle", paddle.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07)
