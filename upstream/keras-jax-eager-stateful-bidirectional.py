"""Without jax.jit, too, a stateful bidirectional layer that returns its states raises TypeError.

Clause CFG-3 of rnn-conformance: how arguments are said changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

x = np.float32([[[1.0], [2.0]]])
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])

# as the recurrence gives it in a wider type
expected = np.array([[[0.8482836399575129, 0.956676036752615], [0.9905324156749822, 0.9051482536448665]]])
print("keras", keras.__version__, "\nexpected", expected.tolist())

rnn = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, stateful=True)
layer = keras.layers.Bidirectional(rnn)
layer.build((1, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(layer(x)[0])
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.20e-07), got.tolist()
