"""In PyNative mode, RNN.to_float(float16) returns float32, where RNN(dtype=float16) returns float16.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import mindspore as ms
import numpy as np

x, h0, W_x = np.float32([[[1.0, -1.0]]]), np.float32([[0.5, -0.5]]), np.float32([[1.0, 0.5], [0.5, 1.0]])
W_h, b = np.float32([[0.5, 0.25], [0.25, 0.5]]), np.float32([0.25, 0.5])

rnn = ms.nn.RNN(2, 2, nonlinearity="relu")
weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))
rnn.to_float(ms.float16)

data = ms.Tensor(x.copy())
got = rnn(data, ms.Tensor(h0[None]))[0].asnumpy()

# as the recurrence gives it in a wider type
expected = np.array([[[0.875, 0.0]]])
print("ms", ms.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float16", f"expected float16; got {got.dtype}"
assert got.shape == expected.shape and (abs(got - expected) <= [[[0.00172, 0.00166]]]).all()
