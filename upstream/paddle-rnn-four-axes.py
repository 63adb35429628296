"""RNN takes input of four axes.

Clause ERR-2 of rnn-conformance: wrong number of axes is an error."""

import numpy as np
import paddle

x = np.float32([[[[1.0]], [[1.0]], [[1.0]]]])

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))

try:
    x_t = paddle.to_tensor(x)
    got = rnn(x_t)[0].numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of paddle {paddle.__version__}")
