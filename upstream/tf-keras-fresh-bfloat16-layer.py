"""A SimpleRNN of bfloat16 cannot be built unless it is given another initialiser.

Clause INT-8 of rnn-conformance: a layer of any type has fresh weights."""

import tf_keras as keras

print("tf_keras", keras.__version__, "\nexpected bfloat16")
layer = keras.layers.SimpleRNN(1, dtype="bfloat16")
layer.build((None, None, 1))
got = [str(weight.dtype) for weight in layer.get_weights()]
print("got     ", *got)
assert got == 3 * ["bfloat16"]
