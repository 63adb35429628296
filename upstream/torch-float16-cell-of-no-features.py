"""A cell quantised to float16, of an input without features, adds what lay in memory.

Clause EDG-4 of rnn-conformance: input of no features."""

import numpy as np
import torch

rnn = torch.nn.RNNCell(0, 16)
torch.nn.init.zeros_(rnn.weight_hh)
torch.nn.init.constant_(rnn.bias_ih, 0.5)
torch.nn.init.constant_(rnn.bias_hh, 0.25)
cells = torch.nn.ModuleList([rnn])
rnn = torch.ao.quantization.quantize_dynamic(cells, {torch.nn.RNNCell}, dtype=torch.float16)[0]

expected, got = np.tanh(0.75), []
for _ in range(100):  # what lies in memory is often zero
    used = [torch.full((1, 16), 0.5) for _ in range(3)]
    del used
    got.append(rnn(torch.zeros(1, 0)).detach().numpy())
print("torch", torch.__version__, "\nexpected", expected, "\ngot     ", np.unique(got).tolist())
assert np.allclose(got, expected, rtol=0, atol=8.75e-07)
