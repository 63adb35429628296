"""The second derivative of tanh is NaN where it is zero.

Clause ACT-7 of rnn-conformance: gradients through other activations."""

import mlx.core as mx

second = mx.grad(mx.grad(mx.tanh))
z = mx.array(100.0)
print("mx", mx.__version__)
print("expected", 0.0)
print("got     ", second(z).item())
assert second(z).item() == 0
