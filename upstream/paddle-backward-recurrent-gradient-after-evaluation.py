"""As paddle-backward-recurrent-gradient, in training, of a layer that was evaluated before.

Clause GRD-7 of rnn-conformance: gradients of rows of different length."""

import numpy as np
import paddle

W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.SimpleRNN(1, 1, direction="bidirect")
for parameter, array in zip(rnn.parameters(), [W_x_0, W_h_0, b_0, 0 * b_0, W_x_1, W_h_1, b_1, 0 * b_1]):
    parameter.set_value(array)
rnn.eval()
rnn.train()

x_t = paddle.to_tensor(np.float32([[[1.0], [2.0]]]), stop_gradient=False)
h = paddle.to_tensor(np.stack([np.float32([[0.5]]), np.float32([[0.25]])]), stop_gradient=False)
y, h_n = rnn(x_t, h, paddle.to_tensor(np.array([1])))
d_y, d_h = np.float32([[[-0.75, 0.25], [0.0, 0.0]]]), np.float32([[[1.125]], [[-0.5]]])
got = paddle.grad([y, h_n], [x_t, h, *rnn.parameters()], [paddle.to_tensor(d) for d in (d_y, d_h)])[7].numpy()

# as the recurrence gives it in a wider type
expected = np.array([[-0.014119061161218506]])
print("paddle", paddle.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.03e-07)
