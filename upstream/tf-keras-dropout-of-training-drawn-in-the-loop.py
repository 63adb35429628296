"""In a step of training, dropout of the input is drawn anew at every time step.

Clause DRP-21 of rnn-conformance: steps of training drop as calls do."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

zeros = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros", "bias_initializer": "ones"}
layer = keras.layers.SimpleRNN(1, "relu", dropout=0.5, return_sequences=True, **zeros)
model = keras.Sequential([layer])
model.compile(keras.optimizers.SGD(1.0), lambda _, y: tf.reduce_sum(y))
model.train_on_batch(np.ones((1, 2, 64)), np.ones((1, 2, 1)))
got = -np.unique(layer.get_weights()[0])  # a weight has what was left of its feature at both steps
print("tf_keras", keras.__version__, "\nexpected 0 and 4", "\ngot     ", got.tolist())
assert set(got) <= {0.0, 4.0}
