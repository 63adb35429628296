"""RNN, BiRNN of one cell and the cell take a state of three axes, and the output has an axis more.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import numpy as np
import paddle

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])
h0_0, h0_1 = np.float32([[0.5], [0.5], [0.5]]), np.float32([[0.5], [0.5], [0.5]])

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))

try:
    x_t = paddle.to_tensor(x)
    h = paddle.to_tensor(np.stack([h0_0, h0_1]))
    got = rnn(x_t, h)[0].numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of paddle {paddle.__version__}")
