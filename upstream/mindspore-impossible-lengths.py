"""An RNN of one direction takes a seq_length above T or below 0.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import mindspore as ms
import numpy as np

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([1002, 1002, 1002])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = ms.nn.RNN(1, 1, nonlinearity="relu")
weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))

try:
    data = ms.Tensor(x.swapaxes(0, 1).copy())
    seq_length = ms.Tensor(lengths)
    got = rnn(data, None, seq_length)[0].asnumpy().swapaxes(0, 1)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of ms {ms.__version__}")
