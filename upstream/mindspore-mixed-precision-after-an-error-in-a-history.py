"""After a call in mixed precision that raised an error, calls after an assignment are computed in float16.

Clause HIS-3 of rnn-conformance: assigned weights are those of the calls after."""

import contextlib

import mindspore as ms

cell, x, h0 = ms.nn.RNNCell(1, 1), ms.ops.ones((1, 1)), ms.ops.zeros((1, 1))
with contextlib.suppress(ValueError):
    ms.nn.RNN(1, 1).to_float(ms.float16)(ms.ops.ones((1, 1, 2)))[0].asnumpy()  # one feature too many
cell.weight_ih.set_data(ms.Tensor([[0.5]], ms.float32))
got = cell(x, h0).dtype
print("mindspore", ms.__version__, "\nexpected", ms.float32, "\ngot     ", got)
assert got == ms.float32
