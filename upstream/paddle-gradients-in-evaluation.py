"""A layer that was switched to evaluation has no gradients.

Clause GRD-1 of rnn-conformance: gradient of the input."""

import numpy as np
import paddle

x, h0 = np.float32([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[0.0]]])
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.SimpleRNN(1, 1)
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)
rnn.eval()

x_t = paddle.to_tensor(x, stop_gradient=False)
h = paddle.to_tensor(h0[None], stop_gradient=False)
y, h_n = rnn(x_t, h)
d_y = np.array([[[0.125]]], "float32")
d_h = np.array([[[-0.125]]], "float32")
outputs = [y, h_n]
sources = [x_t, h, *rnn.parameters()]
cotangents = [paddle.to_tensor(d) for d in (d_y, d_h)]
got = paddle.grad(outputs, sources, cotangents)[0].numpy()
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.73e-38, equal_nan=True)
