"""A recurrent layer has no forward-mode derivative on an NVIDIA GPU.

Clause GRD-10 of rnn-conformance: forward mode gives the derivative in a direction."""

import torch

def tangent(rnn, x):
    return torch.func.jvp(lambda x: rnn(x)[0], (x,), (torch.ones_like(x),))[1].cpu()

rnn, x = torch.nn.RNN(1, 1), torch.ones(1, 1, 1)
expected = tangent(rnn, x)
print("torch", torch.__version__, "\nexpected", expected.tolist())
got = tangent(rnn.to("cuda"), x.to("cuda"))
print("got     ", got.tolist())
