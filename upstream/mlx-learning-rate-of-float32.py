"""The rate of plain gradient descent is rounded to float32, for weights of float64, too.

Clause TRN-1 of rnn-conformance: a step of training goes down the gradient."""

import mlx.core as mx
from mlx.optimizers import SGD

mx.set_default_device(mx.cpu)
weights = SGD(0.1).apply_gradients({"w": mx.ones(1, mx.float64)}, {"w": mx.zeros(1, mx.float64)})
got = weights["w"].item()
print("mx", mx.__version__, "\nexpected", -0.1, "\ngot     ", got)
assert got == -0.1
