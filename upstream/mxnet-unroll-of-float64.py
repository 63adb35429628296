"""A cell of float64 cannot be unrolled without states.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, W_x, W_h, b = np.array([[[1.0]]]), np.array([[1.0]]), np.array([[0.5]]), np.array([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("mx", mx.__version__, "\nexpected", np.float64(expected).tolist())

block = rnn.RNNCell(1, "tanh", input_size=1)
block.cast("float64")
block.initialize()
for parameter, array in zip(list(block.collect_params().values()), [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array, dtype="float64"))

data = mx.nd.array(x, dtype="float64")
states = None
got = block.unroll(1, data, states, layout="TNC", merge_outputs=True)[0].asnumpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.49e-15), got.tolist()
