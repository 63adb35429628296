"""A step of training makes weights NaN where the input is NaN at a masked time step.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, mask = tf.constant([[[1.0], [np.nan]]]), tf.constant([[True, False]])
layer = keras.layers.SimpleRNN(1)
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(layer(x, mask=mask))
weights = layer.trainable_variables
keras.optimizers.SGD(0.125).apply_gradients(zip(tape.gradient(loss, weights), weights))
got = [float(weight.numpy().ravel()[0]) for weight in weights]
print("tf_keras", keras.__version__, "\nexpected finite weights, as the loss is:", float(loss), "\ngot     ", got)
assert np.isfinite(got).all()
