"""Double backward of Keras's hard_sigmoid raises RuntimeError: derivative for aten::hardsigmoid_backward is
not implemented.

Clause HIS-4 of rnn-conformance: derivatives are taken in a history of calls."""

import torch

x = torch.tensor(0.5, requires_grad=True)
expected = 0.0  # hardsigmoid is x / 6 + 1 / 2 between -3 and 3
print("torch", torch.__version__, "\nexpected", expected)

(slope,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x), x, create_graph=True)
(got,) = torch.autograd.grad(slope, x)
assert got == expected, got
