"""Gradients are NaN where the input is NaN or infinite at a masked time step; the outputs are not.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import tensorflow as tf
import keras
import numpy as np

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])])

x_t = tf.Variable(np.float32([[[1.0], [np.nan]]]))
with tf.GradientTape() as tape:
    output, state = layer(x_t, initial_state=[np.float32([[0.5]])], mask=np.array([[True, False]]))
got = np.asarray(tape.gradient([output, state], x_t, [np.float32([[[0.125], [0.0]]]), np.float32([[0.625]])]))

# as the recurrence gives it in a wider type
expected = np.array([[[0.13552997919273627], [0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.24e-06)
