"""Gradients are NaN where the input is NaN or infinite at a masked time step; the outputs are not.

Clause GRD-19 of rnn-conformance: what stands at masked time steps reaches no gradient."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import tensorflow as tf
import keras
import numpy as np

x, h0, mask = np.float32([[[1.0], [np.nan]]]), np.float32([[0.5]]), np.bool([[True, False]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

d_sequence = np.array([[[0.125], [0.0]]], "float32")
d_states = np.array([[[0.625]]], "float32")

def loss(x, h0):
    output, *states = layer(x, initial_state=[h0], mask=mask)
    of_states = keras.ops.sum(d_states * keras.ops.stack(states))
    return keras.ops.sum(d_sequence * output) + of_states

x = tf.constant(x)
h0 = tf.constant(h0)
sources = [x, h0, *(variable.value for variable in layer.trainable_variables)]
with tf.GradientTape() as tape:
    tape.watch(sources)
    value = loss(x, h0)
got = keras.ops.convert_to_numpy(tape.gradient(value, sources[0]))

# as the recurrence gives it in a wider type
expected = np.array([[[0.13552997919273627], [0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.24e-06, equal_nan=True)
