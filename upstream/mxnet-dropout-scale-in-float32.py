"""In float64 what dropout keeps is divided by 1 − p in float32.

Clause DRP-8 of rnn-conformance: what is kept is divided by 1 − p."""

import mxnet as mx
import numpy as np

with mx.autograd.train_mode():
    kept = mx.nd.Dropout(mx.nd.ones((64,), dtype="float64"), p=0.1).asnumpy().max()
print("mxnet", mx.__version__, "\nexpected", 1 / 0.9, "\ngot     ", kept)
assert abs(kept - 1 / 0.9) <= 4 * 2.0**-53
