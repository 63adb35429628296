"""RNN takes input of four axes.

Clause ERR-2 of rnn-conformance: wrong number of axes is an error."""

import numpy as np
import paddle

x = np.array([[[[1.0]], [[1.0]], [[1.0]]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(rnn.parameters(), weights):
    parameter.set_value(array)

print("paddle", paddle.__version__)
try:
    x_t = paddle.to_tensor(x)
    got = rnn(x_t)[0].numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
