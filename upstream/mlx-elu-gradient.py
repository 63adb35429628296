"""The gradient of elu is NaN where it is one.

Clause ACT-7 of rnn-conformance: gradients through other activations."""

import mlx.core as mx
from mlx import nn

slope = mx.grad(nn.elu)(mx.array(100.0)).item()
print("mx", mx.__version__)
print("expected", 1.0)
print("got     ", slope)
assert slope == 1
