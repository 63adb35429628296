"""A recurrent layer has no gradients of gradients on an NVIDIA GPU.

Clause GRD-16 of rnn-conformance: gradients of gradients."""

import torch

def second(rnn, x):
    (first,) = torch.autograd.grad(rnn(x)[0].sum(), x, create_graph=True)
    return torch.autograd.grad(first.sum(), x)[0].cpu()

rnn, x = torch.nn.RNN(1, 1), torch.ones(1, 1, 1, requires_grad=True)
expected = second(rnn, x)
print("torch", torch.__version__, "\nexpected", expected.tolist())
got = second(rnn.to("cuda"), x.detach().to("cuda").requires_grad_())
print("got     ", got.tolist())
