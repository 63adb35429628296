"""An empty batch after other calls of a bidirectional RNN ends the process; it should give an empty output.

Clause HIS-1 of rnn-conformance: calls before a call change nothing."""

import mindspore as ms
import numpy as np

rnn = ms.nn.RNN(1, 2, bidirectional=True)
print("mindspore", ms.__version__)
print("expected [0, 0, 0], once and again: of an empty batch there is nothing but the shape")
for batch in (0, *[1] * 20, 0):
    y, h_n = rnn(ms.Tensor(np.ones((3, batch, 1), "float32")))
    got = y.asnumpy()
    if not batch:
        print("got     ", got.sum(axis=(1, 2)).tolist(), flush=True)
raise SystemExit(0)
