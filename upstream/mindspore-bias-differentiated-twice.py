"""The gradient of the gradient of a bias is lost where it is added to one row twice, as RNNCell does step by step.

Clause GRD-10 of rnn-conformance: the JVP is the derivative of the outputs in a direction."""

import mindspore as ms
import numpy as np

b = ms.Parameter(ms.Tensor(np.zeros(2, "float32")), name="b")
for rows in (2, 1):
    x = ms.Tensor(np.ones((rows, 2), "float32"))
    gradient = ms.grad(lambda x: x + b + b, 0, ms.ParameterTuple([b]), sens_param=True)
    got = ms.grad(lambda u: gradient(x, u)[1][0].sum())(x).asnumpy()
    print("mindspore", ms.__version__, "expected", np.full((rows, 2), 2.0).tolist(), "got", got.tolist())
raise SystemExit(0 if (got == 2).all() else 1)
