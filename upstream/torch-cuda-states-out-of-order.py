"""Initial states that are not contiguous in memory are refused on an NVIDIA GPU.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import sys

import torch

rnn, x = torch.nn.RNN(1, 2), torch.ones(1, 2, 1)
h_0 = torch.tensor([[[0.5, 0.75], [0.25, 1.0]]]).transpose(1, 2)
expected = rnn(x, h_0)[0]
print("torch", torch.__version__)
print("expected", expected.tolist())
try:
    got = rnn.to("cuda")(x.to("cuda"), h_0.to("cuda"))[0].tolist()
except RuntimeError as error:
    got = str(error)
print("got     ", got)
sys.exit(int(isinstance(got, str)))
