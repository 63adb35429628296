"""What is kept of an input of integers is divided as integers.

Clause DRP-20 of rnn-conformance: integers are dropped as the numbers that they are."""

import os

os.environ.setdefault("KERAS_BACKEND", "numpy")
import keras
import numpy as np

x = np.full((8, 1, 1), 3, "int32")
rnn = keras.layers.SimpleRNN(1, "relu", kernel_initializer="ones", dropout=0.25)
expected, got = {0.0, 4.0}, {float(y) for y in keras.ops.convert_to_numpy(rnn(x, training=True)).ravel()}
print("keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert got <= expected
