"""A sequence of no steps ends the process (SIGSEGV).

Clause EDG-2 of rnn-conformance: a sequence of no steps."""

import numpy as np
import paddle

x = np.zeros((1, 0, 1), "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.zeros((1, 0, 1), "float64")
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.SimpleRNN(1, 1)
weights = [W_x, W_h, b, 0 * b]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
got = rnn(x_t)[0].numpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0), got.tolist()
