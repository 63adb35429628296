"""In evaluation mode a recurrent layer has no gradients on an NVIDIA GPU.

Clause GRD-1 of rnn-conformance: gradient of the input."""

import torch

rnn, x = torch.nn.RNN(1, 1).eval(), torch.ones(1, 1, 1, requires_grad=True)
(expected,) = torch.autograd.grad(rnn(x)[0].sum(), x)
print("torch", torch.__version__, "\nexpected", expected.tolist())
(got,) = torch.autograd.grad(rnn.to("cuda")(x.to("cuda"))[0].sum(), x)
print("got     ", got.tolist())
