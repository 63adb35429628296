"""RNNCell takes a state of one row for a batch of several.

Clause ERR-3 of rnn-conformance: an initial state of the wrong shape is an error."""

import mindspore as ms

cell = ms.nn.RNNCell(1, 1)
try:
    got = cell(ms.ops.ones((3, 1)), ms.ops.ones((1, 1))).asnumpy()
except ValueError:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of mindspore {ms.__version__}")
