"""The loss of a layer that goes backwards leaves out other time steps than those that are masked.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import keras
import numpy as np

options = {"kernel_initializer": "ones", "recurrent_initializer": "zeros", "activation": "linear"}
layer = keras.layers.SimpleRNN(1, go_backwards=True, return_sequences=True, **options)
inputs, mask = keras.Input((2, 1)), keras.Input((2,), dtype="bool")
model = keras.Model([inputs, mask], layer(inputs, mask=mask))
model.compile("sgd", lambda d, y: (d * y)[..., 0])
given, d = [np.float32([[[1.0], [2.0]]]), np.array([[True, False]])], np.float32([[[0.0], [1.0]]])
got = model.evaluate(given, d, verbose=0)  # backwards, the valid step comes last
print("keras", keras.__version__, "\nexpected a loss that is not 0\ngot     ", got)
assert got != 0
