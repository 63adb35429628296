"""NaN or infinity in the padding makes gradients NaN where lengths are given to unroll.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, h0, lengths = np.float32([[[1.0], [np.nan]]]), np.float32([[0.0]]), np.int64([1])
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
for each in (data, *states):
    each.attach_grad()
with mx.autograd.record(train_mode=False):
    ys, h_n = block.unroll(2, data, states, layout="TNC", merge_outputs=True, valid_length=valid_length)
outputs, sources = [ys, *h_n], [data, *states, *(p.data() for p in parameters)]
d_x = np.array([[[0.125]], [[0.0]]], "float32")
d_h_0 = np.array([[0.625]], "float32")
cotangents = [mx.nd.array(each, dtype=each.dtype) for each in (d_x, d_h_0)]
mx.autograd.backward(outputs, cotangents)
d = [source.grad for source in sources]
got = d[0].asnumpy().swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([[[0.2103111496353245], [0.0]]])
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.22e-06, equal_nan=True)
