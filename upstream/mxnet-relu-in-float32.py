"""RNN of float64 with ReLU rounds its states and their gradients to float32; what is too large for it becomes
infinite.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.array([[[0.1]]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

block = rnn.RNN(1, activation="relu", input_size=1, dtype="float64")
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array, dtype=array.dtype))

data = mx.nd.array(x.swapaxes(0, 1), dtype=x.dtype)
states = block.begin_state(batch_size=1)
got = block(data, states)[0].asnumpy().swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.maximum(x[:, 0].astype("longdouble") @ W_x.T + b, 0)[:, None]
print("mx", mx.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[1.95e-16]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
