"""In float64 a step of sgd is taken at the rate that float32 has.

Clause TRN-1 of rnn-conformance: a step of training goes down the gradient."""

import mxnet as mx

weight, gradient = mx.nd.zeros(1, dtype="float64"), mx.nd.ones(1, dtype="float64")
mx.nd.sgd_update(weight, gradient, out=weight, lr=0.1, wd=0.0)
expected, got = -0.1, weight.asnumpy().item()
print("mxnet", mx.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
