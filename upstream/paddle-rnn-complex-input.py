"""RNN, BiRNN and the cell take complex input or states, and give complex output.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import numpy as np
import paddle

x, h0 = np.complex64([[[(1+1j)]]]), np.float32([[0.5]])

rnn = paddle.nn.RNN(paddle.nn.SimpleRNNCell(1, 1))

try:
    x_t = paddle.to_tensor(x)
    h = paddle.to_tensor(h0)
    got = rnn(x_t, h)[0].numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of paddle {paddle.__version__}")
