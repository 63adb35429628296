"""At masked steps, RNN of a list of cells whose top one gives its state_size as a number shows the state of
the first row in all rows.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np

class Sum(keras.layers.Layer):
    def __init__(self, state_size):
        super().__init__()
        self.state_size = state_size

    def call(self, inputs, states):
        return inputs + states[0], [inputs + states[0]]

x, mask = np.float32([[[1.0], [2.0]], [[0.5], [1.0]]]), np.array([[True, True], [True, False]])
got = keras.layers.RNN([Sum([1]), Sum(1)], return_sequences=True)(x, mask=mask)
expected = np.float32([[[1.0], [4.0]], [[0.5], [0.5]]])  # at the masked step the output of the one before
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
