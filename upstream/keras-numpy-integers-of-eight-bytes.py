"""Of integers of eight bytes a layer reads the lower four.

Clause ERR-7 of rnn-conformance: integers are the numbers that they are."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "numpy")
import keras
import numpy as np

x = np.array([[[2**32 + 1]]], "int64")

layer = keras.layers.SimpleRNN(1, activation="linear", return_sequences=True, kernel_initializer="ones")
got = np.asarray(keras.ops.convert_to_numpy(layer(x)))
expected = x.astype("float32")  # 2**32, as float32 has it; the bias is zero, and there was no state before
print("keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max())
sys.exit(int((got != expected).any()))
