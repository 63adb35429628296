"""Gradients of gradients of a cell with ReLU end the process.

Clause HIS-4 of rnn-conformance: they are taken between two calls."""

import mxnet as mx

cell = mx.gluon.rnn.RNNCell(2, activation="relu", input_size=2)
cell.initialize(mx.init.One())
x = mx.nd.ones((1, 2))
x.attach_grad()
print("mxnet", mx.__version__)
print("expected", [[0.0, 0.0]])
with mx.autograd.record():
    y, _ = cell(x, cell.begin_state(batch_size=1))
    first = mx.autograd.grad([y], [x], [mx.nd.ones((1, 2))], create_graph=True)[0]
    inner = (first * first).sum()
inner.backward()
got = x.grad.asnumpy().tolist()
print("got     ", got)
raise SystemExit(0 if got == [[0.0, 0.0]] else 1)
