"""float16 input of a cell that is cut out of a longer sequence is read as the whole numbers that have its
bits.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.float16([[[0.25], [0.5]], [[0.75], [1.0]]])
weights = {"kernel_initializer": "ones", "recurrent_initializer": "zeros"}
cell = keras.layers.SimpleRNNCell(1, dtype="float16", **weights)
got = keras.ops.convert_to_numpy(cell(x[:, 0], cell.get_initial_state(2))[0])
expected = np.tanh(x[:, 0])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=2**-10)
