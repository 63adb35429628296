"""Unrolled, a bidirectional layer clears outputs of the backward direction at steps that were taken.

Clause OPT-2 of rnn-conformance: unrolling changes nothing."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, h0_0, h0_1 = np.float32([[[1.0], [2.0]]]), np.float32([[0.5]]), np.float32([[0.25]])
mask = np.array([[True, False]])
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])

rnn = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, unroll=True)
layer = keras.layers.Bidirectional(rnn)
layer.build((None, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

got = np.asarray(layer(x, initial_state=[tf.constant(h0_0), tf.constant(h0_1)], mask=mask)[0])

# as the recurrence gives it in a wider type
expected = np.array([[[0.9051482536448665, 0.8482836399575129], [0.0, 0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07)
