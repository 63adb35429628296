"""Gradients are NaN where the input is NaN or infinite at a masked time step; the outputs are not.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, h0, mask = np.float32([[[1.0], [np.nan]]]), np.float32([[0.5]]), np.array([[True, False]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])])

d_output, d_state = np.float32([[[-0.75], [0.0]]]), np.float32([[-1.625]])
x_t = tf.Variable(x)
with tf.GradientTape() as tape:
    output, state = layer(x_t, initial_state=[tf.constant(h0)], mask=mask)
got = np.asarray(tape.gradient([output, state], x_t, [d_output, d_state]))

# as the recurrence gives it in a wider type
expected = np.array([[[-0.42917826744366483], [0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=3.90e-06)
