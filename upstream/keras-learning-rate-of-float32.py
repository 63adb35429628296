"""The rate of plain gradient descent is rounded to float32, for weights of float64, too.

Clause TRN-1 of rnn-conformance: a step of training goes down the gradient."""

import keras
import numpy as np

weight = keras.Variable(np.zeros(1), dtype="float64")
sgd = keras.optimizers.SGD(0.1)
sgd.apply([keras.ops.ones(1, "float64")], [weight])
got = float(keras.ops.convert_to_numpy(weight.value)[0])
print("keras", keras.__version__, "\nexpected", -0.1, "\ngot     ", got)
assert got == -0.1
