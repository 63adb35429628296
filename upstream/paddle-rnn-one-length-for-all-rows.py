"""RNN and BiRNN take one length for all rows.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import paddle

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([2])

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))

try:
    x_t = paddle.to_tensor(x)
    got = rnn(x_t, sequence_length=paddle.to_tensor(lengths))[0].numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of paddle {paddle.__version__}")
