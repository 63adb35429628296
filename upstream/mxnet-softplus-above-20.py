"""In float64 softrelu is off by 2e-9 just above 20.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, h0 = np.array([[[20.5]]]), np.array([[0.0]])
W_x, W_h, b = np.array([[1.0]]), np.array([[0.0]]), np.array([0.0])

block = rnn.RNNCell(1, "softrelu", input_size=1)
block.cast("float64")
block.initialize()
for parameter, array in zip(list(block.collect_params().values()), [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array, dtype="float64"))

data = mx.nd.array(x, dtype="float64")
got = block.unroll(1, data, [mx.nd.array(h0, dtype="float64")], layout="TNC", merge_outputs=True)[0].asnumpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.logaddexp(x[:, 0].astype("longdouble") @ W_x.T, 0)[:, None]
print("mx", mx.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=3.66e-14)
