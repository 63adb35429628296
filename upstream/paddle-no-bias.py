"""A SimpleRNN without biases ends the process (SIGSEGV) when it is called.

Clause FWD-1 of rnn-conformance: every step follows the recurrence."""

import numpy as np
import paddle

x = np.float32([[[1.0]]])
W_x, W_h = np.float32([[1.0]]), np.float32([[0.5]])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T)[:, None]
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.SimpleRNN(1, 1, bias_ih_attr=False, bias_hh_attr=False)
weights = [W_x, W_h]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
got = rnn(x_t)[0].numpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.94e-07), got.tolist()
