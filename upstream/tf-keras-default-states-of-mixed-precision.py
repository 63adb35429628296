"""In mixed precision, get_initial_state gives states of float32.

Clause CFG-4 of rnn-conformance: default states are zeros of the type computed in."""

import tensorflow as tf
import tf_keras as keras

layer = keras.layers.SimpleRNN(1, dtype="mixed_float16")
x = tf.ones((1, 1, 1))
expected = layer(x).dtype
(state,) = layer.get_initial_state(x)
print("tf_keras", keras.__version__, "\nexpected", expected, "\ngot     ", state.dtype)
assert state.dtype == expected
