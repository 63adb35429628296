"""In PyNative mode, RNN.to_float(float16) returns float32, where RNN(dtype=float16) returns float16.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import mindspore as ms
import numpy as np

x, h0 = np.float32([[[1.0, -1.0]]]), np.float32([[0.5, -0.5]])
W_x = np.array([[1.0, 0.5], [0.5, 1.0]], "float32")
W_h = np.array([[0.5, 0.25], [0.25, 0.5]], "float32")
b = np.array([0.25, 0.5], "float32")

rnn = ms.nn.RNN(2, 2, nonlinearity="relu")
weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))
rnn.to_float(ms.float16)

data = ms.Tensor(x.swapaxes(0, 1).copy())
h = ms.Tensor(h0[None])
got = rnn(data, h)[0].asnumpy().swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([[[0.875, 0.0]]])
print("ms", ms.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float16", f"expected float16; got {got.dtype}"
bound = np.array([[[0.00172, 0.00166]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
