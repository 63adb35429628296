"""In bfloat16, what is written into np.asarray of an output is written into the state that the layer keeps.

Clause STA-7 of rnn-conformance: what is written into an output does not reach the kept states."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

layer = keras.layers.SimpleRNN(1, stateful=True, recurrent_initializer="zeros", dtype="bfloat16")
output = np.asarray(layer(tf.ones((1, 1, 1), "bfloat16")))
expected = float(layer.states[0].numpy()[0, 0])
if output.flags.writeable:
    output[...] = 77
got = float(layer.states[0].numpy()[0, 0])
print("tensorflow", tf.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
