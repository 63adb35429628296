"""On a CPU, tanh of float32 is off by up to 1e-4, and greater than 1 just below 5.

Clause NUM-1 of rnn-conformance: tanh is this exact."""

import mindspore as ms
import numpy as np

x = np.float32([[[5.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.0]]), np.float32([0.0])

rnn = ms.nn.RNN(1, 1)
weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))

data = ms.Tensor(x.copy())
got = rnn(data)[0].asnumpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T)[:, None]
print("ms", ms.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.19e-07)
