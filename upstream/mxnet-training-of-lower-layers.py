"""In float64, layers below the top one are trained by whatever stands in memory.

Clause TRN-2 of rnn-conformance: a step trains stacks and both directions."""

import mxnet as mx

rnn = mx.gluon.rnn.RNN(1, num_layers=2, activation="relu", input_size=1, dtype="float64")
rnn.initialize(mx.init.One())  # of the weights; the biases are zero
x = mx.nd.array([[[3.0]]], dtype="float64")
with mx.autograd.record():
    output = rnn(x)  # l0_i2h_weight * l1_i2h_weight * x
output.backward()
expected, got = 3.0, rnn.l0_i2h_weight.grad().asnumpy().item()
print("mxnet", mx.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
