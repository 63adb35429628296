"""RNNCell.to_float(float16) cannot be compiled by jit.

Clause OPT-6 of rnn-conformance: compiled, a layer computes the same."""

import mindspore as ms
import numpy as np

cell = ms.nn.RNNCell(1, 2).to_float(ms.float16)
x, h = ms.Tensor(np.ones((1, 1), "float32")), ms.Tensor(np.ones((1, 2), "float32"))
print("mindspore", ms.__version__)
print("expected", cell(x, h).asnumpy().tolist())
print("got     ", ms.jit(cell)(x, h).asnumpy().tolist())
