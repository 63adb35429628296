"""SimpleRNNCell and RNN leave their activity_regularizer out of their configurations.

Clause CFG-2 of rnn-conformance: every option survives its configuration."""

import sys

import tf_keras as keras

cell = keras.layers.SimpleRNNCell(1, activity_regularizer=keras.regularizers.L2(0.125))
layer = keras.layers.RNN(cell, activity_regularizer=keras.regularizers.L2(0.125))
again = keras.layers.RNN.from_config(layer.get_config())
expected = {"RNN": "L2", "SimpleRNNCell": "L2"}
got = {type(each).__name__: type(each.activity_regularizer).__name__ for each in (again, again.cell)}
print("tf_keras", keras.__version__)
print("expected", expected)
print("got     ", got)
print("difference in", [name for name in expected if got[name] != expected[name]])
sys.exit(int(got != expected))
