"""An empty batch with lengths ends the process (SIGFPE).

Clause EDG-1 of rnn-conformance: an empty batch."""

import numpy as np
import paddle

x, lengths = np.zeros((0, 1, 1), "float32"), np.zeros((0,), "int64")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.zeros((0, 1))[:, None]
print("paddle", paddle.__version__, "\nexpected", expected.tolist())

rnn = paddle.nn.SimpleRNN(1, 1)
weights = [W_x, W_h, b, 0 * b]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

x_t = paddle.to_tensor(x)
got = rnn(x_t, sequence_length=paddle.to_tensor(lengths))[0].numpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0), got.tolist()
