"""A stack with dropout gives in training what it gives outside of it, in float32 on a CPU.

Clause DRP-6 of rnn-conformance: the share dropped is the rate."""

import mxnet as mx

block = mx.gluon.rnn.RNN(1, num_layers=2, activation="relu", dropout=0.5, input_size=1)
block.initialize(mx.init.One())
x = mx.nd.ones((1, 64, 1))
with mx.autograd.train_mode():
    y = block(x).asnumpy()
print("mxnet", mx.__version__)
print("expected that about 32 of 64 rows are dropped between the layers")
dropped = int((y == 0).sum())
print("got     ", dropped)
raise SystemExit(0 if dropped else 1)
