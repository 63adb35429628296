"""A stateful layer that keeps states takes initial states of any shape, and does not look at them.

Clause ERR-3 of rnn-conformance: initial states of the wrong shape are refused."""

import tensorflow as tf
import tf_keras as keras

layer = keras.layers.SimpleRNN(1, stateful=True)
x, wrong = tf.ones((2, 1, 1)), tf.zeros((7, 5))
layer(x)
print("tf_keras", keras.__version__, "\nexpected an error", "\ngot     ", layer(x, initial_state=[wrong]).shape)
