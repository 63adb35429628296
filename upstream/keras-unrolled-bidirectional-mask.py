"""Unrolled, a bidirectional layer shows the last output at masked steps, where the looped one shows zero.

Clause OPT-2 of rnn-conformance: unrolling changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0]]]), np.bool([[True, False]])
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])

layer = keras.layers.Bidirectional(
    keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, unroll=True),
)
layer.build((None, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(jax.jit(layer)(x, mask=mask)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, valid):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.where(valid[:, t, None], np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b), h)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0, mask)
states_1, h_1 = rnn(x[:, ::-1], np.zeros((1, 1)), W_x_1, W_h_1, b_1, mask[:, ::-1])
expected = np.where(mask[:, :, None], np.concatenate([states_0, states_1[:, ::-1]], axis=-1), 0)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.19e-07, equal_nan=True)
