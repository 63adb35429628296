"""In float64 softrelu is off by 2e-9 just above 20.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, h0 = np.float64([[[20.5]]]), np.float64([[0.0]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.0]]), np.float64([0.0])

block = rnn.RNNCell(1, "softrelu", input_size=1)
block.cast("float64")
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array, dtype=array.dtype))

data = mx.nd.array(x.swapaxes(0, 1), dtype=x.dtype)
states = [mx.nd.array(h0, dtype=h0.dtype)]
got = block.unroll(1, data, states, layout="TNC", merge_outputs=True)[0].asnumpy().swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("longdouble") @ W_x.T + h0.astype("longdouble") @ W_h.T + b
expected = np.logaddexp(z, 0)[:, None]
print("mx", mx.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[3.66e-14]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
