"""The gradients of a sequence of length 0 end the process.

Clause GRD-7 of rnn-conformance: gradients of rows of different length."""

import mxnet as mx

cell = mx.gluon.rnn.RNNCell(64, input_size=2)
cell.initialize()
x, h, lengths = mx.nd.ones((2, 64, 2)), mx.nd.ones((64, 64)), mx.nd.zeros((64,))
h.attach_grad()
with mx.autograd.record():
    _, states = cell.unroll(2, x, begin_state=[h], layout="TNC", merge_outputs=True, valid_length=lengths)
print("mxnet", mx.__version__, "\nexpected 1.0", flush=True)
states[0].backward()
print("got     ", h.grad.asnumpy().mean())
assert (h.grad.asnumpy() == 1).all()
