"""The final state of a sequence of length 0 that is unrolled is whatever stands before the states in memory.

Clause LEN-6 of rnn-conformance: a row of no steps keeps its state."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, h0, lengths = np.float32([[[1.0], [2.0]]]), np.float32([[0.75]]), np.int64([0])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNNCell(1, "tanh", input_size=1)
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array))

data = mx.nd.array(x.swapaxes(0, 1))
states = [mx.nd.array(h0)]
valid_length = mx.nd.array(lengths, dtype="int32")
ys, h_n = block.unroll(2, data, states, layout="TNC", merge_outputs=True, valid_length=valid_length)
got = np.stack([each.asnumpy() for each in h_n[0:1]])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h = h0.astype("float64")
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
expected = h[None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
