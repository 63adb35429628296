"""RNN with ReLU forgets NaN: relu of NaN is 0.

Clause NAN-1 of rnn-conformance: nan stays nan."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.float32([[[np.nan], [np.nan]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNN(1, activation="relu", input_size=1)
block.initialize()
for parameter, array in zip(list(block.collect_params().values()), [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array))

got = block(mx.nd.array(x.swapaxes(0, 1)), block.begin_state(batch_size=1))[0].asnumpy().swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_1 = np.maximum(x[:, 0].astype("float64") @ W_x.T + b, 0)
h_2 = np.maximum(x[:, 1].astype("float64") @ W_x.T + h_1 @ W_h.T + b, 0)
expected = np.stack([h_1, h_2], axis=1)
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
