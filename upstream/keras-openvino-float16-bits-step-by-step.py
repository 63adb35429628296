"""float16 input of a layer that is a step of a longer sequence is read as the whole numbers that have its bits.

Clause STA-2 of rnn-conformance: a sequence can be given step by step."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.float16([[[0.25], [0.5]], [[0.75], [1.0]]])
weights = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
layer = keras.layers.SimpleRNN(1, dtype="float16", **weights)
got = keras.ops.convert_to_numpy(layer(x[:, :1]))
expected = np.tanh(x[:, 0])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=2**-10)
