"""An input without features after other calls of a bidirectional RNN ends the process; it should be refused.

Clause ERR-1 of rnn-conformance: the wrong number of features is an error."""

import mindspore as ms
import numpy as np

rnn = ms.nn.RNN(1, 2, bidirectional=True)
print("mindspore", ms.__version__)
print("expected an error, not the end of the process")
for features in (*[1] * 20, 0):
    got, h_n = rnn(ms.Tensor(np.ones((3, 1, features), "float32")))
print("got     ", got.asnumpy().tolist())
raise SystemExit(0)
