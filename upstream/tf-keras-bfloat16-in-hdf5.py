"""A model of bfloat16 is written to an H5 file, but cannot be read: ValueError: No cast function available.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import tempfile

import numpy as np
import tf_keras as keras

layer = keras.layers.SimpleRNN(1, dtype="bfloat16", recurrent_initializer="zeros")
model, x = keras.Sequential([keras.Input((2, 1)), layer]), np.ones((1, 2, 1), "float32")
expected = np.asarray(model(x)).astype("float32")
print("tf_keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp() + "/model.h5"
model.save(path)
got = np.asarray(keras.models.load_model(path)(x)).astype("float32")
print("got     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
