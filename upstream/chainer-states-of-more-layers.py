"""A state too many is ignored.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import chainer
import numpy as np
from chainer import functions as F
from chainer import links as L

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])
h0_0, h0_1 = np.float32([[0.5], [0.5], [0.5]]), np.float32([[0.5], [0.5], [0.5]])

rnn = L.NStepRNNTanh(1, 1, 1, 0.0)

try:
    rows = [chainer.Variable(row) for row in x]
    h = chainer.Variable(np.stack([h0_0, h0_1]))
    got = F.pad_sequence(rnn(h, rows)[1], 1, 0).array
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of chainer {chainer.__version__}")
