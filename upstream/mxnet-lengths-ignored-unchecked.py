"""RNN(use_sequence_length=True) takes a length above T or below 0.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.int64([1002, 1002, 1002])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNN(1, activation="tanh", input_size=1, use_sequence_length=True)
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array))

print("mx", mx.__version__)
try:
    data = mx.nd.array(x.swapaxes(0, 1))
    states = block.begin_state(batch_size=3)
    valid_length = mx.nd.array(lengths, dtype="int32")
    got = block(data, states, valid_length)[0].asnumpy().swapaxes(0, 1)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
