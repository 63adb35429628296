"""In float32 on a CPU, RNN(use_sequence_length=True) ignores the lengths.

Clause LEN-2 of rnn-conformance: final states are those after the last valid step."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, lengths = np.float32([[[1.0], [2.0]]]), np.int64([1])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNN(1, activation="tanh", input_size=1, use_sequence_length=True)
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array))

data = mx.nd.array(x.swapaxes(0, 1))
states = block.begin_state(batch_size=1)
valid_length = mx.nd.array(lengths, dtype="int32")
ys, h_n = block(data, states, valid_length)
got = h_n[0].asnumpy()[0:1]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h = np.zeros((1, 1), "float64")
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
expected = h[None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
