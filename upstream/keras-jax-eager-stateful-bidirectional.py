"""Without jax.jit, too, a stateful bidirectional layer that returns its states raises TypeError.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

x = np.array([[[1.0], [2.0]]], "float32")
W_x_0, W_h_0, b_0 = np.float32([[0.5]]), np.float32([[0.25]]), np.float32([0.125])
W_x_1, W_h_1, b_1 = np.float32([[0.25]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0)
states_1, h_1 = rnn(x[:, ::-1], np.zeros((1, 1)), W_x_1, W_h_1, b_1)
expected = np.concatenate([states_0, states_1[:, ::-1]], axis=-1)
print("keras", keras.__version__, "\nexpected", expected.tolist())

layer = keras.layers.Bidirectional(
    keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, stateful=True),
)
layer.build((1, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(layer(x)[0])
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.05e-06, equal_nan=True)
