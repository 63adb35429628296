"""`torch.vmap` of `torch.nn.RNN` raises an error. Of `torch.nn.RNNCell` it works, row by row.

Clause OPT-3 of rnn-conformance: the order of axes changes nothing."""

import numpy as np
import torch

x = np.float32([[[1.0], [2.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)
h_2 = np.tanh(x[:, 1].astype("float64") @ W_x.T + h_1 @ W_h.T + b)
expected = np.stack([h_1, h_2], axis=1)
print("torch", torch.__version__, "\nexpected", expected.tolist())

rnn = torch.nn.RNN(1, 1)
rnn.load_state_dict(dict(zip(rnn.state_dict(), map(torch.tensor, [W_x, W_h, b, np.zeros_like(b)]))))

x_t = torch.tensor(x.swapaxes(0, 1))
got = torch.vmap(rnn, in_dims=1, out_dims=1)(x_t)[0].detach().transpose(0, 1).numpy()
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07), got.tolist()
