"""The rate of plain gradient descent is rounded to float32, for weights of float64, too.

Clause TRN-1 of rnn-conformance: a step of training goes down the gradient."""

import tensorflow as tf
import tf_keras

weight = tf.Variable([0.0], dtype="float64")
tf_keras.optimizers.SGD(0.1).apply_gradients([(tf.ones(1, "float64"), weight)])
got = float(weight.numpy()[0])
print("tf_keras", tf_keras.__version__, "\nexpected", -0.1, "\ngot     ", got)
assert got == -0.1
