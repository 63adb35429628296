"""Gradients are NaN if the padding of the input is NaN or infinite.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import mindspore as ms
import numpy as np

rnn, lengths = ms.nn.RNN(1, 1), ms.Tensor(np.array([1]))

def loss(x):
    return rnn(x, None, lengths)[0][0].sum()  # the output of the only valid step

of_zero, of_nan = (ms.Tensor(np.float32([[[1.0]], [[padding]]])) for padding in (0, np.nan))
expected, got = ms.grad(loss)(of_zero).asnumpy(), ms.grad(loss)(of_nan).asnumpy()
print("mindspore", ms.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
