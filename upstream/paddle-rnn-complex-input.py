"""RNN, BiRNN and the cell take complex input, and give complex output.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import numpy as np
import paddle

x = np.array([[[(1+1j)]]], "complex64")
h0 = np.array([[0.5]], "float32")
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
