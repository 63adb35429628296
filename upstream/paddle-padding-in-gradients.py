"""As paddle-padding-is-multiplied: padding of NaN or infinity reaches gradients.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import numpy as np
import paddle

x, h0 = np.float32([[[1.0], [2.0]], [[1.0], [np.nan]]]), np.float32([[0.5], [0.25]])
lengths, W_x, W_h, b = np.array([2, 1]), np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.SimpleRNN(1, 1)
for parameter, array in zip(rnn.parameters(), [W_x, W_h, b, 0 * b]):
    parameter.set_value(array)

x_t = paddle.to_tensor(x, stop_gradient=False)
h = paddle.to_tensor(h0[None], stop_gradient=False)
y, h_n = rnn(x_t, h, paddle.to_tensor(lengths))
d_y, d_h = np.float32([[[-0.75], [0.25]], [[-1.625], [0.0]]]), np.float32([[[1.125], [-0.5]]])
got = paddle.grad([y, h_n], [x_t, h, *rnn.parameters()], [paddle.to_tensor(d) for d in (d_y, d_h)])[0].numpy()

# as the recurrence gives it in a wider type
expected = np.array([[[-0.13331695288488754], [0.024493027163033643]], [[-0.4800480794814292], [0.0]]])
print("paddle", paddle.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=3.47e-06)
