"""The default states of a cell of float64 are of float32.

Clause CFG-4 of rnn-conformance: default states are zeros of the type computed in."""

import mxnet as mx

cell = mx.gluon.rnn.RNNCell(1, input_size=1)
cell.cast("float64")
cell.initialize()
(state,) = cell.begin_state(batch_size=1)
print("mxnet", mx.__version__, "\nexpected float64", "\ngot     ", state.dtype.__name__)
assert state.dtype.__name__ == "float64"
