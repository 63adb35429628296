"""An initial state of a larger batch is taken; its surplus rows are ignored.

Clause ERR-3 of rnn-conformance: initial state of the wrong shape is an error."""

import chainer
import numpy as np
from chainer import functions as F
from chainer import links as L

x, h0 = np.float32([[[1.0]], [[2.0]], [[1.0]]]), np.float32([[1.0], [2.0], [1.0], [1.0]])

rnn = L.NStepRNNTanh(1, 1, 1, 0.0)

try:
    rows = [chainer.Variable(row) for row in x]
    h = chainer.Variable(h0[None])
    got = F.pad_sequence(rnn(h, rows)[1], 1, 0).array
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of chainer {chainer.__version__}")
