"""A SimpleRNN with narrow weights cannot be built unless it is given another initialiser.

Clause INT-8 of rnn-conformance: a layer of any type has fresh weights."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

print("keras", keras.__version__, "\nexpected float16")
layer = keras.layers.SimpleRNN(1, dtype="float16")
layer.build((None, None, 1))
got = [str(weight.dtype) for weight in layer.get_weights()]
print("got     ", *got)
assert got == 3 * ["float16"]
