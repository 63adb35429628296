"""On an NVIDIA GPU each product of float16 is rounded before the products are added up.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x = np.float16([[[1.5009765625, -1.5]]])
W_x = np.float16([[1.5009765625], [1.5]])
with keras.device("gpu:0"):
    layer = keras.layers.SimpleRNN(1, "linear", recurrent_initializer="zeros", dtype="float16")
    layer.build((None, None, 2))
    layer.set_weights([W_x, np.zeros((1, 1)), np.zeros(1)])
    got = float(jax.jit(layer)(x)[0, 0])
expected = float((x.astype("float64") @ W_x.astype("float64"))[0, 0, 0])
print("keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert abs(got - expected) <= 2**-11 * expected
