"""A cell of float64 cannot be unrolled without states.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.array([[[1.0]]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("mx", mx.__version__, "\nexpected", expected.astype("float64").tolist())

block = rnn.RNNCell(1, "tanh", input_size=1)
block.cast("float64")
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array, dtype=array.dtype))

data = mx.nd.array(x.swapaxes(0, 1), dtype=x.dtype)
states = None
got = block.unroll(1, data, states, layout="TNC", merge_outputs=True)[0].asnumpy().swapaxes(0, 1)
print(got.tolist())
bound = np.array([[[1.49e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
