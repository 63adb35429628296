"""RNN of a cell that goes backwards hands on the mask of its input in the order of the input.

Its outputs are in processing order: the next layer leaves out other time steps than those that were masked.
Clause SHP-8 of rnn-conformance: shapes and masks are inferred on every route."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0], [3.0]]]), np.array([[True, False, False]])
layer = keras.layers.RNN(keras.layers.SimpleRNNCell(1), return_sequences=True, go_backwards=True)
layer.build((None, None, 1))
got = np.asarray(keras.ops.convert_to_numpy(layer.compute_mask(x, mask)))
expected = mask[:, ::-1]  # the outputs are those of steps 2, 1, 0
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
