"""RNN with ReLU forgets NaN: relu of NaN is 0.

Clause NAN-1 of rnn-conformance: nan stays nan."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.array([[[np.nan], [np.nan]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNN(1, activation="relu", input_size=1)
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array))

data = mx.nd.array(x.swapaxes(0, 1))
states = block.begin_state(batch_size=1)
got = block(data, states)[0].asnumpy().swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(2):
    h = np.maximum(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b, 0)
    states.append(h)
expected = np.stack(states, axis=1)
print("mx", mx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
