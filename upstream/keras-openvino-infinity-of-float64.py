"""An infinite input of float64 is the largest number of float32.

Clause NAN-9 of rnn-conformance: infinite input gives the limit of the activation."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

options = {"activation": "relu", "kernel_initializer": "ones", "recurrent_initializer": "zeros"}
layer = keras.layers.SimpleRNN(1, dtype="float64", **options)
got = float(keras.ops.convert_to_numpy(layer(np.array([[[np.inf]]])))[0, 0])
print("keras", keras.__version__, "\nexpected", np.inf, "\ngot     ", got)
assert got == np.inf
