"""NaN or infinity in the padding makes gradients NaN where lengths are given to unroll.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import mxnet as mx
import numpy as np

cell = mx.gluon.rnn.RNNCell(1)
cell.initialize()

def gradient(padding):
    x = mx.nd.array([[[1.0], [padding]]])
    x.attach_grad()
    with mx.autograd.record():
        output, _ = cell.unroll(2, x, valid_length=mx.nd.array([1]), merge_outputs=True)
        output[:, 0].backward()  # the output of the only valid step
    return x.grad.asnumpy()

expected, got = gradient(0), gradient(np.nan)
print("mxnet", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
