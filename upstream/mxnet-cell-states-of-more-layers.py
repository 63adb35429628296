"""A cell takes a list of more states than it has.

Clause ERR-4 of rnn-conformance: a wrong number of initial states is refused."""

import mxnet as mx

cell = mx.gluon.rnn.RNNCell(1, input_size=1)
cell.initialize()
x, h0 = mx.nd.ones((3, 1)), mx.nd.zeros((3, 1))
print("mxnet", mx.__version__, "\nexpected an error", "\ngot     ", cell(x, [h0, h0])[0].shape)
