"""At masked steps, RNN of a list of cells shows the state of the bottom cell, if it is given initial states.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x = np.array([[[1.0], [2.0]]], "float32")
h0_0, h0_1 = np.float32([[0.5, 1.0]]), np.float32([[-0.5]])
mask = np.array([[True, False]])
W_x_0, W_h_0, b_0 = np.float32([[1.0], [0.5]]), np.float32([[0.5, 0.0], [0.0, 1.0]]), np.float32([0.25, 0.0])
W_x_1, W_h_1, b_1 = np.float32([[0.5, 1.0]]), np.float32([[1.0]]), np.float32([0.5])

cells = [keras.layers.SimpleRNNCell(2), keras.layers.SimpleRNNCell(1)]
layer = keras.layers.RNN(cells, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

output, *states = jax.jit(layer)(x, initial_state=[h0_0, h0_1], mask=mask)
states = keras.tree.flatten(states)
got = keras.ops.convert_to_numpy(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, valid):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.where(valid[:, t, None], np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b), h)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, h0_0, W_x_0, W_h_0, b_0, mask)
states_1, h_1 = rnn(states_0, h0_1, W_x_1, W_h_1, b_1, mask)
expected = states_1
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.16e-06, equal_nan=True)
