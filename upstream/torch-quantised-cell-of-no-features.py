"""A quantised cell of an input without features computes with what lay in memory, and leaves out the bias.

Clause EDG-4 of rnn-conformance: input of no features."""

import numpy as np
import torch

x = np.zeros((1, 1, 0), "float32")
W_x, W_h, b = np.zeros((1, 0), "float32"), np.float32([[0.5]]), np.float32([0.75])

rnn = torch.nn.RNNCell(0, 1)
rnn.load_state_dict({
    "weight_ih": torch.tensor(W_x), "weight_hh": torch.tensor(W_h), "bias_ih": torch.tensor(b),
    "bias_hh": torch.tensor(np.zeros(1, "float32")),
})
rnn = torch.ao.quantization.quantize_dynamic(torch.nn.ModuleList([rnn]), dtype=torch.qint8)[0]

x_t = torch.tensor(x.swapaxes(0, 1))
h = None
steps = []
for t in range(len(x_t)):
    h = rnn(x_t[t], h)
    steps.append(h)
sequence, h_n = torch.stack(steps), h[None]
got = sequence.detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("torch", torch.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.80e-07, equal_nan=True)
