"""Gradients of gradients of a cell that was called eight times raise an error.

Clause GRD-22 of rnn-conformance: gradients of gradients come from a hundred steps away."""

import mxnet as mx

cell = mx.gluon.rnn.RNNCell(1)
cell.initialize("ones")
x, h = mx.nd.array([[1.0]]), mx.nd.zeros((1, 1))
x.attach_grad()
print("mxnet", mx.__version__, "\nexpected", "a number")
with mx.autograd.record():
    for _ in range(8):
        _, [h] = cell(x, [h])
    (slope,) = mx.autograd.grad(h, [x], create_graph=True)
slope.backward()
print("got     ", x.grad.asnumpy().tolist())
