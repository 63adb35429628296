"""softrelu is off by up to 8e-6 in float32, however small it is, and negative at times.

Clause ACT-4 of rnn-conformance: softplus."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, W_x, W_h, b = np.float32([[[-39.84]]]), np.float32([[1.0]]), np.float32([[0.0]]), np.float32([0.0])

block = rnn.RNNCell(1, "softrelu", input_size=1)
block.initialize()
parameters = list(block.collect_params().values())
for parameter, array in zip(parameters, [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array))

data = mx.nd.array(x)
states = None
got = block.unroll(1, data, states, layout="TNC", merge_outputs=True)[0].asnumpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.logaddexp(x[:, 0].astype("float64") @ W_x.T, 0)[:, None]
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.19e-07)
