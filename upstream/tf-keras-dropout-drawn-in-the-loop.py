"""In a graph, dropout of the state is drawn anew at every step.

Clause DRP-14 of rnn-conformance: other routes into a layer drop as the layer does."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

kept = {"kernel_initializer": "zeros", "recurrent_initializer": "identity", "activation": "relu"}
layer = keras.layers.SimpleRNN(64, recurrent_dropout=0.5, return_sequences=True, **kept)
x, h0 = tf.zeros((64, 2, 1)), tf.ones((64, 64))

def dropped(call):
    """The share of units that are dropped before the second step and not before the first."""
    first, second = np.moveaxis(np.asarray(call(x, initial_state=[h0], training=True)), 1, 0)
    return float(((first != 0) & (second == 0)).mean())

expected, got = dropped(layer), dropped(tf.function(layer))
print("tf_keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
