"""fit rounds input of float64 to float32.

Clause TRN-2 of rnn-conformance: a step of training goes down the gradient."""

import keras
import numpy as np

inputs = keras.Input((1, 1), dtype="float64")
output = keras.layers.SimpleRNN(1, activation="linear", kernel_initializer="ones", dtype="float64")(inputs)
model = keras.Model(inputs, output)
model.compile(keras.optimizers.SGD(0.125), lambda d, y: d * y)
x = np.array([[[0.1]]])
model.fit(x, np.ones((1, 1)), verbose=0)
got, expected = float(model.get_weights()[0][0, 0]), 1 - 0.125 * 0.1
print("keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert abs(got - expected) <= 8 * 2**-53
