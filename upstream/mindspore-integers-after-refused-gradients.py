"""After two gradients in a row that raised an error, no integer is taken as an index.

Clause ERR-9 of rnn-conformance: a refused call leaves nothing behind."""

import contextlib

import mindspore as ms

rnn, x, h0 = ms.nn.RNN(1, 1), ms.ops.ones((1, 1, 1)), ms.ops.zeros((1, 1, 1))
first = ms.grad(lambda x: rnn(x, h0)[0].sum())
expected = rnn(x, h0)[0].asnumpy()
for _ in range(2):
    with contextlib.suppress(ValueError, TypeError):
        first(ms.ops.ones((1, 1, 2)))  # one feature too many
print("mindspore", ms.__version__, "\nexpected", expected)
print("got     ", rnn(x, h0)[0].asnumpy())
