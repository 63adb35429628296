"""On an NVIDIA GPU, tanh of float32 is off by up to 8e-6, with allow_tf32 or without, but for packed
sequences.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import numpy as np
import torch

x = np.float32([[[-0.75], [-0.5], [-0.25], [0.25], [0.5], [0.75], [1.0], [1.25]]])
W_x = np.float32([[1.0], [0.75], [0.5], [0.25]])
W_h = np.float32([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
b = np.float32([0.25, 0.5, 0.75, 1.0])

rnn = torch.nn.RNN(1, 4)
rnn.load_state_dict(dict(zip(rnn.state_dict(), map(torch.tensor, [W_x, W_h, b, np.zeros_like(b)]))))
rnn = rnn.to("cuda")

sequence, h_n = rnn(torch.tensor(x.swapaxes(0, 1)).to("cuda"))
sequence, h_n = sequence.cpu(), h_n.cpu()
got = sequence.detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 4), "float64"), []
for t in range(8):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("torch", torch.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.16e-06)
