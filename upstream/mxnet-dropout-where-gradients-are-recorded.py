"""In float64, a layer drops between layers in evaluation, too, if gradients are recorded.

Clause GRD-14 of rnn-conformance: gradients of float64 are computed in float64."""

import mxnet as mx

rnn = mx.gluon.rnn.RNN(8, num_layers=2, dropout=0.9, dtype="float64")
rnn.initialize()
x = mx.nd.ones((1, 1, 1), dtype="float64")
expected = rnn(x).asnumpy()
with mx.autograd.record(train_mode=False):
    got = rnn(x).asnumpy()
print("mxnet", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
