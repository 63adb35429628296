"""On an NVIDIA GPU, products of float32 are products of numbers of eleven significant bits: errors of 1e-4 to
6e-4.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import numpy as np
import torch

x, W_x = np.float32([[[1.0001, 1.0001], [1.0001, 1.0001]]]), np.float32([[1.0001, 1.0001], [1.0001, 1.0001]])
W_h, b = np.float32([[0.0, 0.0], [0.0, 0.0]]), np.float32([0.0, 0.0])

rnn = torch.nn.RNN(2, 2, nonlinearity="relu")
rnn.load_state_dict(dict(zip(rnn.state_dict(), map(torch.tensor, [W_x, W_h, b, np.zeros_like(b)]))))
rnn = rnn.to("cuda")

sequence, h_n = rnn(torch.tensor(x.swapaxes(0, 1)).to("cuda"))
sequence, h_n = sequence.cpu(), h_n.cpu()
got = sequence.detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.maximum(x[:, 0].astype("float64") @ W_x.T, 0)
h_2 = np.maximum(x[:, 1].astype("float64") @ W_x.T, 0)
expected = np.stack([h_1, h_2], axis=1)
print("torch", torch.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.35e-07)
