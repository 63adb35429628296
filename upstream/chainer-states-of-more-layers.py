"""A state too many is ignored.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import chainer
import numpy as np
from chainer import functions as F
from chainer import links as L

x = np.array([[[1.0]], [[1.0]], [[1.0]]], "float32")
h0_0, h0_1 = np.float32([[0.5], [0.5], [0.5]]), np.float32([[0.5], [0.5], [0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = L.NStepRNNTanh(1, 1, 1, 0.0)
parameters = [p for cell in rnn for p in (cell.w0, cell.w1, cell.b0, cell.b1)]
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.array[...] = array

print("chainer", chainer.__version__)
try:
    rows = [chainer.Variable(row) for row in x]
    h = chainer.Variable(np.stack([h0_0, h0_1]))
    h_n, ys = rnn(h, rows)
    got = F.pad_sequence(ys, 1, 0).array
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
