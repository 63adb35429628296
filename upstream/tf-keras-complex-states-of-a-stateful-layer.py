"""Of complex initial states a stateful layer takes the real part.

Clause ERR-5 of rnn-conformance: input and states of other types are an error."""

import tensorflow as tf
import tf_keras as keras

layer = keras.layers.SimpleRNN(1, stateful=True)
try:
    got = layer(tf.ones((1, 1, 1)), initial_state=tf.constant([[0.5 + 1j]]))
except Exception as error:
    got = error
print("tf_keras", keras.__version__, "\nexpected an error", "\ngot     ", got)
assert isinstance(got, Exception)
