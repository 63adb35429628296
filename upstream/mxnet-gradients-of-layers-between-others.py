"""In float64, the gradient of the input weights of a layer between two others is that of its own outputs.

Clause GRD-14 of rnn-conformance: gradients of float64 are computed in float64."""

import mxnet as mx

doubling = {"i2h_weight_initializer": mx.init.Constant(2), "h2h_weight_initializer": "zeros"}
rnn = mx.gluon.rnn.RNN(1, num_layers=3, activation="relu", input_size=1, dtype="float64", **doubling)
rnn.initialize()
with mx.autograd.record():
    output = rnn(mx.nd.ones((1, 1, 1), dtype="float64"))  # 2, 4, and 8
output.backward()
expected = 2.0 * 2.0  # the weight above, and the output of the layer below
got = rnn.l1_i2h_weight.grad().asnumpy().item()
print("mxnet", mx.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
