"""The JVP of softsign raises LookupError: gradient registry has no entry for SoftsignGrad.

Clause HIS-4 of rnn-conformance: derivatives are taken in a history of calls."""

import tensorflow as tf
import tf_keras as keras

x = tf.constant([[[1.0]]])
layer = keras.layers.SimpleRNN(1, activation="softsign")
layer(x)
print("tf_keras", keras.__version__)
print("expected the derivative of the output in the direction of x")
with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
    print("got     ", accumulator.jvp(layer(x)))
