"""As mxnet-second-gradients, between two calls.

Clause HIS-4 of rnn-conformance: derivatives change nothing and are those of the weights of now."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, h0, b = np.float32([[[2.0]], [[-1.0]]]), np.float32([[1.5], [0.25]]), np.float32([0.25])

block = rnn.RNNCell(1, "tanh", input_size=1)
block.initialize()
parameters = list(block.collect_params().values())
for parameter, array in zip(parameters, [np.float32([[1.0]]), np.float32([[0.5]]), b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array))

data, states = [mx.nd.array(step) for step in x.swapaxes(0, 1)], [mx.nd.array(h0)]
for each in (*data, *states):
    each.attach_grad()
with mx.autograd.record(train_mode=False):
    ys, h_n = [], states
    for x_t in data:
        y_t, h_n = block(x_t, h_n)
        ys.append(y_t)
    h_n = [mx.nd.identity(state) for state in h_n]
outputs, sources = [*ys, *h_n], [*data, *states, *(p.data() for p in parameters)]
d_x, d_h_0 = np.float32([[[0.125], [-0.125]]]), np.float32([[0.625], [0.125]])
cotangents = [mx.nd.array(each, dtype=each.dtype) for each in (*d_x, d_h_0)]
d_x, d_h_0 = np.float32([[[-1.25], [0.875]]]), np.float32([[0.5], [-0.5]])
rates = [mx.nd.array(each, dtype=each.dtype) for each in (*d_x, d_h_0)]
rates += [mx.nd.array(each, dtype=each.dtype) for each in (
    np.float32([[0.875]]), np.float32([[0.375]]), np.float32([0.375]), np.float32([0.0]),
)]
with mx.autograd.record():
    first = mx.autograd.grad(outputs, sources, cotangents, create_graph=True)
    inner = sum((each * rate).sum() for each, rate in zip(first, rates))
inner.backward()
d = [source.grad for source in sources]
got = np.stack([each.asnumpy() for each in d[:1]]).swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([[[-0.018375320038405495]], [[0.0]]])
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=5.37e-06)
