"""RNNCell.to_float(float16) cannot be compiled by jit: its input is cast, and its weights are not.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import mindspore as ms
import numpy as np

x = np.array([[[1.0]]], "float32")
W_x, W_h, b = np.float32([[0.5]]), np.float32([[0.25]]), np.float32([0.125])

# as the recurrence gives it in a wider type
expected = np.array([[[0.625]]])
print("ms", ms.__version__)
print("expected", expected.tolist())

rnn = ms.nn.RNNCell(1, 1, nonlinearity="relu")
weights = {"weight_ih": W_x, "weight_hh": W_h, "bias_ih": b, "bias_hh": np.zeros_like(b)}
for name, array in weights.items():
    rnn.parameters_dict()[name].set_data(ms.Tensor(array))
rnn.to_float(ms.float16)
rnn = ms.jit(rnn)

data = ms.Tensor(x.swapaxes(0, 1).copy())
h = ms.ops.zeros((1, 1, 1), ms.float32)

def outputs(data, h):
    h, y = h.squeeze(0), []
    for t in range(len(data)):
        h = rnn(ms.ops.gather(data, ms.Tensor(t), 0), h)
        y.append(h)
    return ms.ops.stack(y), h.expand_dims(0)

y, h_n = outputs(data, h)
got = y.asnumpy().swapaxes(0, 1).astype("float32")
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 1.23e-03)
close = np.allclose(got, expected, rtol=0, atol=1.23e-03, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
