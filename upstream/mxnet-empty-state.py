"""A hybridized RNN takes an initial state of no layers, and reads memory that is not its own.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])

block = rnn.RNN(1, activation="tanh", input_size=1)
block.initialize()
block.hybridize(static_alloc=True, static_shape=True)

try:
    data = mx.nd.array(x.swapaxes(0, 1))
    states = [mx.nd.array(np.zeros((0, 3, 1), "float32"))]
    got = block(data, states)[0].asnumpy().swapaxes(0, 1)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of mx {mx.__version__}")
