"""In mixed precision, final states that are given back in the type of the weights raise InvalidArgumentError.

Clause STA-6 of rnn-conformance: final states that are given back continue every layer."""

import tensorflow as tf
import tf_keras as keras

x = tf.constant([[[1.0]]])
layer = keras.layers.SimpleRNN(1, return_state=True, dtype="mixed_bfloat16")
output, state = layer(x)
print("tf_keras", keras.__version__)
print("expected", layer(x, initial_state=[state])[0].numpy().tolist())
print("got     ", layer(x, initial_state=[tf.cast(state, "float32")])[0].numpy().tolist())
