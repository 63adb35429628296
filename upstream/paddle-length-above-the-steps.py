"""A length above the number of time steps ends the process; it should be refused.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import paddle

rnn = paddle.nn.SimpleRNN(1, 1)
x = paddle.to_tensor(np.array([[[1.0], [2.0]], [[1.0], [2.0]]], "float32"))
print("paddle", paddle.__version__)
print("expected an error: there are 2 time steps, and a row of 3")
y, h_n = rnn(x, sequence_length=paddle.to_tensor(np.array([3, 1])))
print("got     ", y.numpy().tolist())
raise SystemExit(1)
