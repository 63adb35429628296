"""At masked steps, RNN of a list of cells shows the state of the bottom cell, if it is given initial states.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0]]]), np.array([[True, False]])
states = [np.float32([[0.5]]), np.float32([[-0.5]])]
layer = keras.layers.RNN([keras.layers.SimpleRNNCell(1) for _ in range(2)], return_sequences=True)
got = keras.ops.convert_to_numpy(layer(x, initial_state=states, mask=mask))
expected = got[:, [0, 0]]  # at the masked step the output of the one before is shown again
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert (got == expected).all()
