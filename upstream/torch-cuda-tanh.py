"""On an NVIDIA GPU, tanh of float32 is off by up to 8e-6, with allow_tf32 or without, but for packed
sequences.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import numpy as np
import torch

x = np.array([[[-0.75], [-0.5], [-0.25], [0.25], [0.5], [0.75], [1.0], [1.25]]], "float32")
W_x = np.array([[1.0], [0.75], [0.5], [0.25]], "float32")
W_h = np.array([
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
], "float32").reshape((4, 4))
b = np.array([0.25, 0.5, 0.75, 1.0], "float32")

rnn = torch.nn.RNN(1, 4)
rnn.load_state_dict({
    "weight_ih_l0": torch.tensor(W_x), "weight_hh_l0": torch.tensor(W_h), "bias_ih_l0": torch.tensor(b),
    "bias_hh_l0": torch.tensor(np.zeros(4, "float32")),
})
rnn = rnn.to("cuda")

x_t = torch.tensor(x.swapaxes(0, 1))
sequence, h_n = rnn(x_t.to("cuda"))
sequence, h_n = sequence.cpu(), h_n.cpu()
got = sequence.detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 4), "float64"), []
for t in range(8):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("torch", torch.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 1.16e-06)
close = np.allclose(got, expected, rtol=0, atol=1.16e-06, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
