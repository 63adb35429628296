"""A stateful bidirectional call that the backward layer refuses has moved the states of the forward layer.

Clause ERR-9 of rnn-conformance: a call that was refused leaves nothing behind."""

import tensorflow as tf
import tf_keras as keras

options = {"activation": "relu", "stateful": True, "return_sequences": True, "kernel_initializer": "ones"}
negative = keras.layers.SimpleRNN(1, bias_initializer=keras.initializers.Constant(-9), go_backwards=True, **options)
layer = keras.layers.Bidirectional(keras.layers.SimpleRNN(1, recurrent_initializer="ones", **options), backward_layer=negative)
x, wrong = tf.ones((1, 1, 1)), tf.zeros((1, 2))
layer(x)
expected = float(layer.forward_layer.states[0][0, 0])
try:
    layer(x, initial_state=[wrong, wrong])
except tf.errors.InvalidArgumentError as error:
    print("refused:", error.message[:50])
got = float(layer.forward_layer.states[0][0, 0])
print("tf_keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
