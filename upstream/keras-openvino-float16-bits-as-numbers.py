"""A float16 array that is not contiguous, of input or of weights, is read as whole numbers that have its bits.

Clause OPT-1 of rnn-conformance: it is no matter how arrays lie in memory."""

import os
import sys

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.array([[[0.25, -0.25], [0.5, 1.0]]], "float16")

cell = {"kernel_initializer": "identity", "recurrent_initializer": "zeros", "activation": "linear"}
layer = keras.layers.SimpleRNN(2, return_sequences=True, dtype="float16", **cell)
got = keras.ops.convert_to_numpy(layer(np.asfortranarray(x)))
expected = keras.ops.convert_to_numpy(layer(x))  # which is x itself
print("keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got.astype("float32") - expected).max())
sys.exit(int((got != expected).any()))
