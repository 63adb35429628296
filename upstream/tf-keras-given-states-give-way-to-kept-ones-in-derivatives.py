"""The gradient of a stateful layer that keeps states is that of a call from these, and not from the given ones.

Clause HIS-4 of rnn-conformance: derivatives that are taken in a history."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, h0 = tf.constant([[[1.0]]]), tf.constant([[-0.5]])
layer = keras.layers.SimpleRNN(1, stateful=True)
layer.build((1, None, 1))
layer.set_weights([np.float32([[0.5]]), np.float32([[0.5]]), np.float32([1.0])])
layer(x)
with tf.GradientTape() as tape:
    tape.watch(x)
    output = layer(x, initial_state=[h0])
got, expected = tape.gradient(output, x).numpy().item(), 0.5 * (1 - np.tanh(0.5 * 1.0 + 0.5 * -0.5 + 1.0) ** 2)
print("tf_keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert abs(got - expected) <= 28 * 2**-24
