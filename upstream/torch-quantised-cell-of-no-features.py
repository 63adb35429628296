"""A quantised cell of an input without features computes with what lay in memory, and leaves out the bias.

Clause EDG-4 of rnn-conformance: input of no features."""

import numpy as np
import torch

x = np.zeros((1, 1, 0), "float32")
W_x, W_h, b = np.zeros((1, 0), "float32"), np.float32([[0.5]]), np.float32([0.75])

rnn = torch.nn.RNNCell(0, 1)
rnn.load_state_dict(dict(zip(rnn.state_dict(), map(torch.tensor, [W_x, W_h, b, np.zeros_like(b)]))))
rnn = torch.ao.quantization.quantize_dynamic(torch.nn.ModuleList([rnn]), dtype=torch.qint8)[0]

x_t = torch.tensor(x)
h_n = rnn(x_t[0])[None]
sequence = h_n
got = sequence.detach().numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("torch", torch.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.80e-07)
