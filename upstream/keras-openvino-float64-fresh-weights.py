"""The recurrent weights of a float64 layer are of float32 until others are assigned.

Clause INT-8 of rnn-conformance: a layer of any type has fresh weights."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras

print("keras", keras.__version__, "\nexpected float64")
layer = keras.layers.SimpleRNN(1, dtype="float64")
layer.build((None, None, 1))
got = [str(weight.dtype) for weight in layer.get_weights()]
print("got     ", *got)
assert got == 3 * ["float64"]
