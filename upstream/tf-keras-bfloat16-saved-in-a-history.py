"""Weights of bfloat16 cannot be saved: ValueError: No cast function available.

Clause HIS-7 of rnn-conformance: what is saved and loaded in a history goes on."""

import tempfile

import numpy as np
import tf_keras as keras

layer = keras.layers.SimpleRNN(1, dtype="bfloat16", recurrent_initializer="zeros")
model, x = keras.Sequential([keras.Input((2, 1)), layer]), np.ones((1, 2, 1), "float32")
expected = np.asarray(model(x)).astype("float32")
print("tf_keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp() + "/of.weights.h5"
model.save_weights(path)
model.load_weights(path)
got = np.asarray(model(x)).astype("float32")
print("got     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
