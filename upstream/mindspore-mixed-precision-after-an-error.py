"""After a call in mixed precision that raised an error, everything is computed in float16.

Clause ERR-9 of rnn-conformance: a refused call leaves nothing behind."""

import contextlib

import mindspore as ms

one, x = ms.ops.ones((1, 1)), ms.Tensor([[1 + 2**-12]], ms.float32)
expected = ms.ops.matmul(x, one).asnumpy()
with contextlib.suppress(ValueError):
    ms.nn.RNN(1, 1).to_float(ms.float16)(ms.ops.ones((1, 1, 2)))[0].asnumpy()  # one feature too many
got = ms.ops.matmul(x, one).asnumpy()
print("mindspore", ms.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
