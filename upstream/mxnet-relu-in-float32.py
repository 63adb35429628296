"""RNN of float64 with ReLU rounds its states and their gradients to float32; what is too large for it becomes
infinite.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x, W_x, W_h, b = np.array([[[0.1]]]), np.array([[1.0]]), np.array([[0.5]]), np.array([0.25])

block = rnn.RNN(1, activation="relu", input_size=1, dtype="float64")
block.initialize()
parameters = list(block.collect_params().values())
for parameter, array in zip(parameters, [W_x, W_h, b, np.zeros_like(b)]):
    parameter.set_data(mx.nd.array(array, dtype="float64"))

data = mx.nd.array(x, dtype="float64")
states = block.begin_state(batch_size=1)
got = block(data, states)[0].asnumpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.maximum(x[:, 0].astype("longdouble") @ W_x.T + b, 0)[:, None]
print("mx", mx.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.95e-16)
