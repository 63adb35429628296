"""RNN(use_sequence_length=True) takes a length above T or below 0.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([1002, 1002, 1002])

block = rnn.RNN(1, activation="tanh", input_size=1, use_sequence_length=True)
block.initialize()

try:
    data = mx.nd.array(x.swapaxes(0, 1))
    states = block.begin_state(batch_size=3)
    valid_length = mx.nd.array(lengths, dtype="int32")
    got = block(data, states, valid_length)[0].asnumpy().swapaxes(0, 1)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of mx {mx.__version__}")
