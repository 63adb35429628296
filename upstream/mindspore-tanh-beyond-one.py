"""As mindspore-tanh-in-float32, just below 5: no tanh is 1.000006.

Clause NUM-7 of rnn-conformance: tanh is this exact for numbers of any size."""

import mindspore as ms
import numpy as np

x = np.float32([[[4.9921875], [4.2535296e+37]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.0]]), np.float32([0.0])

rnn = ms.nn.RNN(1, 1)
weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))

data = ms.Tensor(x.swapaxes(0, 1).copy())
got = rnn(data)[0].asnumpy().swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.tanh(x[:, 0].astype("float64") @ W_x.T)
h_2 = np.tanh(x[:, 1].astype("float64") @ W_x.T)
expected = np.stack([h_1, h_2], axis=1)
print("ms", ms.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.19e-07)
