"""Double backward and JVP of softsign raise LookupError: gradient registry has no entry for SoftsignGrad.

Clause GRD-16 of rnn-conformance: gradients of gradients through every activation."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import tensorflow as tf
import keras
import numpy as np

x, h0 = np.float64([[[1.0]]]), np.float64([[0.5]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[0.0]]])
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist())

layer = keras.layers.SimpleRNN(1, dtype="float64", activation="softsign", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

d_sequence = np.array([[[0.125]]])
d_states = np.array([[[-0.125]]])

def loss(x, h0):
    output, *states = layer(x, initial_state=[h0])
    of_states = keras.ops.sum(d_states * keras.ops.stack(states))
    return keras.ops.sum(d_sequence * output) + of_states

rates = [
    np.float64([[[-1.25]]]), np.float64([[0.875]]), np.float64([[0.875]]), np.float64([[0.375]]),
    np.float64([0.375]),
]
x = tf.constant(x)
h0 = tf.constant(h0)
sources = [x, h0, *(variable.value for variable in layer.trainable_variables)]
with tf.GradientTape() as outer:
    outer.watch(sources)
    with tf.GradientTape() as tape:
        tape.watch(sources)
        value = loss(x, h0)
    gradients = tape.gradient(value, sources)
    along = sum(tf.reduce_sum(g * r) for g, r in zip(gradients, rates))
got = keras.ops.convert_to_numpy(outer.gradient(along, sources[0]))
print(got.tolist())
bound = np.array([[[1.23e-17]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
