"""float16 input of a cell that is cut out of a longer sequence is read as the whole numbers that have its
bits.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.array([[[0.25], [0.5]], [[0.75], [1.0]]], "float16")
W_x, W_h, b = np.float16([[1.0]]), np.float16([[0.0]]), np.float16([0.0])

layer = keras.layers.SimpleRNNCell(1, dtype="float16", recurrent_initializer="zeros")
layer.build((None, 1))
layer.set_weights([np.ascontiguousarray(W_x.T), np.ascontiguousarray(W_h.T), b])

outputs, h = [], layer.get_initial_state(2)
for t in range(2):
    output, h = layer(x[:, t], h)
    outputs.append(output)
got = np.stack([keras.ops.convert_to_numpy(output) for output in outputs], axis=1).astype("float32")

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((2, 1), "float64"), []
for t in range(2):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=9.90e-04, equal_nan=True)
