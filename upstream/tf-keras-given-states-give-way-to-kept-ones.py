"""A stateful layer that keeps states starts from these, and not from the initial states of the call.

Clause STA-5 of rnn-conformance: a stateful layer starts from the initial states that it is given."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, h0 = tf.constant([[[1.0]]]), tf.constant([[-0.5]])
layer = keras.layers.SimpleRNN(1, stateful=True)
layer.build((1, None, 1))
layer.set_weights([np.float32([[0.5]]), np.float32([[0.5]]), np.float32([1.0])])
layer(x)
got = float(layer(x, initial_state=[h0])[0, 0])
expected = float(np.tanh(0.5 * 1.0 + 0.5 * -0.5 + 1.0))
print("tf_keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert abs(got - expected) <= 14 * 2**-24
