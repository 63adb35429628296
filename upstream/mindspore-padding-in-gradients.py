"""Gradients are NaN if the padding of the input is NaN or infinite.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import mindspore as ms
import numpy as np

x = np.array([[[1.0], [2.0]], [[1.0], [3.0]], [[1.0], [np.nan]]], "float32")
h0 = np.array([[0.5], [0.25], [0.25]], "float32")
lengths = np.array([2, 2, 1])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = ms.nn.RNN(1, 1, nonlinearity="relu")
weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))
held = ms.ParameterTuple([rnn.parameters_dict()[name] for name in weights])

data = ms.Tensor(x.swapaxes(0, 1).copy())
h = ms.Tensor(h0[None])
seq_length = ms.Tensor(lengths)

def outputs(data, h):
    y, h_n = rnn(data, h, seq_length)
    return y, h_n

d_y = np.array([[[0.125], [0.625], [-0.5]], [[-0.125], [0.125], [0.0]]], "float32")
d_h = np.array([[[1.25], [1.0], [-0.75]]], "float32")
d_y, d_h = ms.Tensor(d_y), ms.Tensor(d_h)

def loss(data, h):
    y, h_n = outputs(data, h)
    return (y * d_y).sum() + (h_n * d_h).sum()

_, (of_given, of_held) = ms.value_and_grad(loss, (0, 1), held)(data, h)
d = [*of_given, *of_held]
got = d[2].asnumpy()

# as the recurrence gives it in a wider type
expected = np.array([[6.25]])
print("ms", ms.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=5.01e-06, equal_nan=True)
