"""`torch.vmap` of `torch.nn.RNN` raises an error. Of `torch.nn.RNNCell` it works, row by row.

Clause OPT-3 of rnn-conformance: the order of axes changes nothing."""

import numpy as np
import torch

x = np.array([[[1.0], [2.0]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(2):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("torch", torch.__version__, "\nexpected", expected.tolist())

rnn = torch.nn.RNN(1, 1)
rnn.load_state_dict({
    "weight_ih_l0": torch.tensor(W_x), "weight_hh_l0": torch.tensor(W_h), "bias_ih_l0": torch.tensor(b),
    "bias_hh_l0": torch.tensor(np.zeros(1, "float32")),
})

x_t = torch.tensor(x.swapaxes(0, 1))
got = torch.vmap(rnn, in_dims=1, out_dims=1)(x_t)[0].detach().transpose(0, 1).numpy()
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
