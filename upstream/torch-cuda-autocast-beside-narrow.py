"""torch.autocast to bfloat16 computes a recurrent layer in float16 on an NVIDIA GPU.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import sys

import torch

rnn, x = torch.nn.RNN(1, 1), torch.ones(1, 1, 1)
with torch.autocast("cpu", dtype=torch.bfloat16):
    expected = rnn(x)[0].dtype
with torch.autocast("cuda", dtype=torch.bfloat16):
    got = rnn.to("cuda")(x.to("cuda"))[0].dtype
print("torch", torch.__version__)
print("expected", expected)
print("got     ", got)
sys.exit(int(got != expected))
