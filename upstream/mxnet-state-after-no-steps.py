"""The final state of a sequence of length 0 that is unrolled is whatever stands before the states in memory.

Clause LEN-6 of rnn-conformance: a row of no steps keeps its state."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

h0, W_x, W_h, b = np.float32([[0.75]]), np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNNCell(1, "tanh", input_size=1)
block.initialize()
for parameter, array in zip(list(block.collect_params().values()), [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array))

data, states = mx.nd.array(np.float32([[[1.0], [2.0]]]).swapaxes(0, 1)), [mx.nd.array(h0)]
valid_length = mx.nd.array(np.array([0]), dtype="int32")
ys, h_n = block.unroll(2, data, states, layout="TNC", merge_outputs=True, valid_length=valid_length)
got = h_n[0].asnumpy()[None]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = (h0.astype("float64"))[None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0)
