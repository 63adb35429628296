"""In gradients of float64, the slope of Keras's hard_sigmoid is 1/6 of float32: wrong by 5e-9.

Clause GRD-14 of rnn-conformance: gradients of float64 are computed in float64."""

import torch

x = torch.zeros((), dtype=torch.float64, requires_grad=True)
(slope,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x), x)
expected, got = 1 / 6, slope.item()
print("torch", torch.__version__, "\nexpected", expected, "\ngot     ", got)
assert abs(got - expected) <= 2**-53 * expected
