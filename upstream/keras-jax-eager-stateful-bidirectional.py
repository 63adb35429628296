"""Without jax.jit, too, a stateful bidirectional layer that returns its states raises TypeError.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

x = np.float32([[[1.0], [2.0]]])
W_x_0, W_h_0, b_0 = np.float32([[0.5]]), np.float32([[0.25]]), np.float32([0.125])
W_x_1, W_h_1, b_1 = np.float32([[0.25]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[0.5545997223493823, 0.6737475465459161], [0.8520672381006785, 0.6351489523872873]]])
print("keras", keras.__version__, "\nexpected", expected.tolist())

rnn = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, stateful=True)
layer = keras.layers.Bidirectional(rnn)
layer.build((1, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(layer(x)[0])
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.05e-06), got.tolist()
