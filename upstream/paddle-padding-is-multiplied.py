"""Where padding is NaN or infinite, so are outputs and states at masked time steps, which are NaN then.

Clause OPT-1 of rnn-conformance: options act together as each does alone."""

import numpy as np
import paddle

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [np.nan]]]), np.int64([2, 1])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.SimpleRNN(1, 1)
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
got = rnn(x_t, sequence_length=paddle.to_tensor(lengths))[0].numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h, states = np.zeros((2, 1), "float64"), []
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(np.where(valid[:, t, None], h, 0))
expected = np.stack(states, axis=1)
print("paddle", paddle.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
