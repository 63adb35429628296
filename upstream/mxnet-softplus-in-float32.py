"""softrelu is off by up to 4e-6 in float32, however small it is, and negative at times.

Clause ACT-4 of rnn-conformance: softplus."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.array([[[-39.84]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.0]]), np.float32([0.0])

block = rnn.RNNCell(1, "softrelu", input_size=1)
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array))

data = mx.nd.array(x.swapaxes(0, 1))
states = None
ys, h_n = block.unroll(1, data, states, layout="TNC", merge_outputs=True)
got = ys.asnumpy().swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(1):
    h = np.logaddexp(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b, 0)
    states.append(h)
expected = np.stack(states, axis=1)
print("mx", mx.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 7.19e-07)
close = np.allclose(got, expected, rtol=0, atol=7.19e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
