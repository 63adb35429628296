"""Gradients of gradients of a cell lack all that comes through the derivative of the activation.

Clause HIS-4 of rnn-conformance: derivatives change nothing and are those of the weights of now."""

import mxnet as mx

cell = mx.gluon.rnn.RNNCell(1)
cell.initialize("ones")  # of the weights; the biases are zero
x, h = mx.nd.array([[1.0]]), mx.nd.array([[0.5]])
x.attach_grad()
with mx.autograd.record():
    y, _ = cell(x, [h])
    (slope,) = mx.autograd.grad(y, [x], create_graph=True)  # 1 - y²
slope.backward()
expected, got = (-2 * y * (1 - y * y)).asnumpy(), x.grad.asnumpy()
print("mxnet", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert abs(got - expected).max() <= 24 * 2**-24
