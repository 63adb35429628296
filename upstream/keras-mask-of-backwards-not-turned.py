"""A layer that goes backwards hands on the mask of its input in the order of the input.

Its outputs are in processing order: the next layer leaves out other time steps than those that were masked.
Clause SHP-5 of rnn-conformance: the mask is handed on with the sequence output."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0], [3.0]]]), np.array([[True, False, False]])
layer = keras.layers.SimpleRNN(1, return_sequences=True, go_backwards=True)
layer.build((None, None, 1))
got = np.asarray(keras.ops.convert_to_numpy(layer.compute_mask(x, mask)))
expected = mask[:, ::-1]  # the outputs are those of steps 2, 1, 0
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
