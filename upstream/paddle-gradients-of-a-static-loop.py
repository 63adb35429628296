"""RNN made into a program has no gradients.

Clause GRD-9 of rnn-conformance: gradients by every other way in."""

import numpy as np
import paddle

x, h0 = np.float32([[[1.0], [2.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[0.02339306670467376], [0.008906555332012234]]])
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)
rnn = paddle.jit.to_static(rnn, full_graph=True)

x_t = paddle.to_tensor(x, stop_gradient=False)
h = paddle.to_tensor(h0, stop_gradient=False)
y, h_n = rnn(x_t, h)
d_y = np.array([[[0.125], [-0.125]]], "float32")
d_h = np.array([[0.625]], "float32")
outputs = [y, h_n]
sources = [x_t, h, *rnn.parameters()]
cotangents = [paddle.to_tensor(d) for d in (d_y, d_h)]
got = paddle.grad(outputs, sources, cotangents)[0].numpy()
print(got.tolist())
bound = np.array([[[2.87e-07], [8.19e-07]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
