"""RNN cannot be made into a program for training if the batch is 1.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import numpy as np
import paddle

x = np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[0.5]]), np.float32([[0.25]]), np.float32([0.125])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
weights = [W_x, W_h, b, 0 * b]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)
rnn = paddle.jit.to_static(rnn, full_graph=True)

x_t = paddle.to_tensor(x)
got = rnn(x_t)[0].numpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.23e-07), got.tolist()
