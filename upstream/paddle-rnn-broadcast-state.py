"""A state of batch 1 is taken for every row by RNN, BiRNN and the cell.

Clause ERR-3 of rnn-conformance: initial state of the wrong shape is an error."""

import numpy as np
import paddle

x, h0 = np.float32([[[1.0]], [[2.0]], [[3.0]]]), np.float32([[1.0]])

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))

try:
    x_t = paddle.to_tensor(x)
    h = paddle.to_tensor(h0)
    got = rnn(x_t, h)[0].numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of paddle {paddle.__version__}")
