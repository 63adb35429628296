"""Weights of float64 that float32 does not hold are infinite once they are assigned.

Clause HIS-5 of rnn-conformance: saved and loaded it goes on with its weights."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

layer = keras.layers.SimpleRNN(1, dtype="float64", use_bias=False)
layer.build((None, None, 1))
layer.set_weights([np.array([[1e300]]), np.array([[0.0]])])
got = float(layer.get_weights()[0][0, 0])
print("keras", keras.__version__, "\nexpected", 1e300, "\ngot     ", got)
assert got == 1e300
