"""In float32 on a CPU, RNN(use_sequence_length=True) ignores the lengths.

Clause LEN-2 of rnn-conformance: final states are those after the last valid step."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, lengths = np.float32([[[1.0], [2.0]]]), np.array([1])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNN(1, activation="tanh", input_size=1, use_sequence_length=True)
block.initialize()
for parameter, array in zip(list(block.collect_params().values()), [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array))

data = mx.nd.array(x.swapaxes(0, 1))
states = block.begin_state(batch_size=1)
got = block(data, states, mx.nd.array(lengths, dtype="int32"))[1][0].asnumpy()[0:1]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07)
