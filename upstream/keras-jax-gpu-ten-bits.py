"""On an NVIDIA GPU the default precision of products of float32 is that of eleven significant bits.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

x = np.full((8, 1, 10), 1.0001, "float32")
with keras.device("gpu:0"):
    kernel = keras.initializers.Constant(x[0, 0, 0])
    layer = keras.layers.SimpleRNN(3, activation="relu", kernel_initializer=kernel)
    got = keras.ops.convert_to_numpy(layer(x))
expected = 10 * np.float64(x[0, 0, 0]) ** 2
print("keras", keras.__version__, "\nexpected", expected, "\ngot     ", got.max())
assert abs(got - expected).max() <= 11 * 2**-24 * expected
