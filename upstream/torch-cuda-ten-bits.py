"""On an NVIDIA GPU, products of float32 are products of numbers of eleven significant bits: errors of 1e-4 to
6e-4.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import numpy as np
import torch

x = np.array([[[1.0001, 1.0001], [1.0001, 1.0001]]], "float32")
W_x = np.array([[1.0001, 1.0001], [1.0001, 1.0001]], "float32")
W_h = np.array([[0.0, 0.0], [0.0, 0.0]], "float32")
b = np.array([0.0, 0.0], "float32")

rnn = torch.nn.RNN(2, 2, nonlinearity="relu")
rnn.load_state_dict({
    "weight_ih_l0": torch.tensor(W_x), "weight_hh_l0": torch.tensor(W_h), "bias_ih_l0": torch.tensor(b),
    "bias_hh_l0": torch.tensor(np.zeros(2, "float32")),
})
rnn = rnn.to("cuda")

x_t = torch.tensor(x.swapaxes(0, 1))
sequence, h_n = rnn(x_t.to("cuda"))
sequence, h_n = sequence.cpu(), h_n.cpu()
got = sequence.detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 2), "float64"), []
for t in range(2):
    h = np.maximum(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b, 0)
    states.append(h)
expected = np.stack(states, axis=1)
print("torch", torch.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 8.35e-07)
close = np.allclose(got, expected, rtol=0, atol=8.35e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
