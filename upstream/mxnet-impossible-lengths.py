"""A length above the number of time steps ends the process; it should be refused.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import mxnet as mx
from mxnet.gluon import rnn

block = rnn.BidirectionalCell(rnn.RNNCell(4, input_size=2), rnn.RNNCell(4, input_size=2))
block.initialize()
print("mxnet", mx.__version__)
print("expected an error: there are 2 time steps, and a row of 10000000")
x, lengths = mx.nd.ones((2, 1, 2)), mx.nd.array([10000000], dtype="int32")
ys, h_n = block.unroll(2, x, layout="TNC", merge_outputs=True, valid_length=lengths)
print("got     ", ys.asnumpy().tolist())
raise SystemExit(1)
