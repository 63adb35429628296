"""NaN in the padding makes weights NaN in a step of training, whatever lengths are given.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import mxnet as mx

rnn = mx.gluon.rnn.RNN(1, input_size=1, use_sequence_length=True)
rnn.initialize()
x, lengths = mx.nd.array([[[1.0]], [[float("nan")]]]), mx.nd.array([1], dtype="int32")
trainer = mx.gluon.Trainer(rnn.collect_params(), "sgd")
with mx.autograd.record():
    output, _ = rnn(x, rnn.begin_state(1), lengths)
output.backward()
trainer.step(1)
got = rnn.l0_i2h_weight.data().asnumpy().item()
print("mxnet", mx.__version__, "\nexpected", "a number", "\ngot     ", got)
assert got == got
