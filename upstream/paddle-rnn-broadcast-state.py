"""A state of batch 1 is taken for every row by RNN, BiRNN and the cell.

Clause ERR-3 of rnn-conformance: initial state of the wrong shape is an error."""

import numpy as np
import paddle

x = np.array([[[1.0]], [[2.0]], [[3.0]]], "float32")
h0 = np.array([[1.0]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

print("paddle", paddle.__version__)
try:
    x_t = paddle.to_tensor(x)
    h = paddle.to_tensor(h0)
    y, h_n = rnn(x_t, h)
    got = y.numpy()
except Exception as error:
    print("refused, as it should be:", type(error).__name__)
else:
    print("expected an error; got", got.tolist())
    raise SystemExit(1)
