"""The parameters of a layer of more than ten layers cannot be saved: AttributeError.

Clause STK-5 of rnn-conformance: of many layers each is in its place."""

import mxnet as mx

rnn = mx.gluon.rnn.RNN(2, num_layers=11, input_size=2)
rnn.initialize()
print("mxnet", mx.__version__, "\nexpected a file of its 44 parameters")
rnn.save_parameters("rnn.params")
