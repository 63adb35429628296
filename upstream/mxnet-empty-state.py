"""A hybridized RNN takes an initial state of no layers, and reads memory that is not its own.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.array([[[1.0]], [[1.0]], [[1.0]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

block = rnn.RNN(1, activation="tanh", input_size=1)
block.initialize()
parameters = list(block.collect_params().values())
weights = [W_x, W_h, b, np.zeros_like(b)]
for parameter, array in zip(parameters, weights):
    parameter.set_data(mx.nd.array(array))
block.hybridize(static_alloc=True, static_shape=True)

print("mx", mx.__version__)
try:
    data = mx.nd.array(x.swapaxes(0, 1))
    states = [mx.nd.array(np.zeros((0, 3, 1), "float32"))]
    got = block(data, states)[0].asnumpy().swapaxes(0, 1)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
