"""A model of bfloat16 is written to an H5 file, but cannot be read: ValueError: No cast function available.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

layer = keras.layers.SimpleRNN(1, dtype="bfloat16", recurrent_initializer="zeros")
model, x = keras.Sequential([keras.Input((2, 1)), layer]), np.ones((1, 2, 1), "float32")
expected = keras.ops.convert_to_numpy(model(x)).astype("float32")
print("keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp() + "/model.h5"
model.save(path)
got = keras.ops.convert_to_numpy(keras.models.load_model(path)(x)).astype("float32")
print("got     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
