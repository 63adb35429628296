"""A layer that was switched to evaluation has no gradients.

Clause GRD-1 of rnn-conformance: gradient of the input."""

import numpy as np
import paddle

W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[-0.09035331946182418]]])
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.SimpleRNN(1, 1)
for parameter, array in zip(rnn.parameters(), [W_x, W_h, b, 0 * b]):
    parameter.set_value(array)
rnn.eval()

x_t = paddle.to_tensor(np.float32([[[1.0]]]), stop_gradient=False)
h = paddle.to_tensor(np.float32([[0.5]])[None], stop_gradient=False)
y, h_n = rnn(x_t, h)
d_y, d_h = np.float32([[[-0.75]]]), np.float32([[[0.25]]])
got = paddle.grad([y, h_n], [x_t, h, *rnn.parameters()], [paddle.to_tensor(d) for d in (d_y, d_h)])[0].numpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.17e-07), got.tolist()
