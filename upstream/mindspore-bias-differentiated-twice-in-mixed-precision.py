"""Of one row, the gradient of a bias of an RNNCell in mixed precision has no gradient.

Clause GRD-10 of rnn-conformance: the JVP is the derivative of the outputs in a direction."""

import mindspore as ms
import numpy as np

cell = ms.nn.RNNCell(1, 1, nonlinearity="relu")
for held in cell.get_parameters():
    held.set_data(ms.ops.ones(held.shape))
cell.to_float(ms.float16)
for rows in (2, 1):
    x = ms.ops.ones((rows, 1))
    gradient = ms.grad(lambda x: cell(x, x), 0, ms.ParameterTuple([cell.bias_ih]), sens_param=True)
    got = ms.grad(lambda u: gradient(x, u.astype(ms.float16))[1][0].sum())(x).asnumpy()
    print("mindspore", ms.__version__, "expected", np.ones((rows, 1)).tolist(), "got", got.tolist())
raise SystemExit(0 if (got == 1).all() else 1)
