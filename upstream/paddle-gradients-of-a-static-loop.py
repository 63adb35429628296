"""RNN made into a program has no gradients.

Clause GRD-9 of rnn-conformance: gradients by every other way in."""

import numpy as np
import paddle

W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[-0.137743005500585], [-0.024493027163033643]]])
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
for parameter, array in zip(rnn.parameters(), [W_x, W_h, b, 0 * b]):
    parameter.set_value(array)
rnn = paddle.jit.to_static(rnn, full_graph=True)

x_t = paddle.to_tensor(np.float32([[[1.0], [2.0]]]), stop_gradient=False)
h = paddle.to_tensor(np.float32([[0.5]]), stop_gradient=False)
y, h_n = rnn(x_t, h)
d_y, d_h = np.float32([[[-0.75], [0.25]]]), np.float32([[-1.625]])
got = paddle.grad([y, h_n], [x_t, h, *rnn.parameters()], [paddle.to_tensor(d) for d in (d_y, d_h)])[0].numpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=2.26e-06), got.tolist()
