"""NaN in the padding makes weights NaN in a step of training where lengths are given to unroll.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import mxnet as mx

cell = mx.gluon.rnn.RNNCell(1)
cell.initialize()
x, lengths = mx.nd.array([[[1.0], [float("nan")]]]), mx.nd.array([1])
trainer = mx.gluon.Trainer(cell.collect_params(), "sgd")
with mx.autograd.record():
    output, _ = cell.unroll(2, x, valid_length=lengths, merge_outputs=True)
output.backward()
trainer.step(1)
got = cell.i2h_weight.data().asnumpy().item()
print("mxnet", mx.__version__, "\nexpected", "a number", "\ngot     ", got)
assert got == got
