"""In PyNative mode, RNN.to_float(float16) computes in float16 and returns float32; RNNCell, and RNN in graph
mode, return float16.

Clause DTY-7 of rnn-conformance: mixed precision computes as a network of that type."""

import mindspore as ms
import numpy as np

x = np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = ms.nn.RNN(1, 1, nonlinearity="relu")
weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))
rnn.to_float(ms.float16)

data = ms.Tensor(x.copy())
got = rnn(data)[0].asnumpy()

# as the recurrence gives it in a wider type
expected = np.array([[[1.25]]])
print("ms", ms.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float16", f"expected float16; got {got.dtype}"
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=2.45e-03)
