"""Unrolled, a bidirectional layer shows the last output at masked steps, where the looped one shows zero.

Clause OPT-2 of rnn-conformance: unrolling changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0]]]), np.array([[True, False]])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])

rnn = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, unroll=True)
layer = keras.layers.Bidirectional(rnn)
layer.build((None, None, 1))
layer.set_weights([np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25]), W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(jax.jit(layer)(x, mask=mask)[0])

# as the recurrence gives it in a wider type
expected = np.array([[[0.8482836399575129, 0.7615941559557649], [0.0, 0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.19e-07)
