"""The gradient of a gradient takes 1/2 for the derivative of relu at 0, where the gradient itself takes 0.

Clause GRD-13 of rnn-conformance: it is zero for gradients of gradients too."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x, h0 = np.float32([[[1.0], [1.0], [-1.0]]]), np.float32([[1.0, 0.0]])
W_x, W_h, b = np.float32([[0.0], [0.0]]), np.float32([[0.0, 0.0], [0.0, 0.0]]), np.float32([0.0, 1.0])

layer = keras.layers.SimpleRNN(2, activation="relu", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

d_sequence, d_states = np.float32([[[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]]), np.float32([[[1.0, 1.0]]])

def loss(x, h0, weights):
    (output, *states), _ = layer.stateless_call(weights, others, x, initial_state=[h0])
    of_states = keras.ops.sum(d_states * keras.ops.stack(states))
    return keras.ops.sum(d_sequence * output) + of_states

rates = [
    np.float32([[[1.0], [1.0], [0.0]]]), np.float32([[1.0, -1.0]]), np.float32([[1.0, -1.0]]),
    np.float32([[1.0, -1.0], [1.0, 1.0]]), np.float32([1.0, 1.0]),
]
weights = [variable.value for variable in layer.trainable_variables]
others = [variable.value for variable in layer.non_trainable_variables]
sources = [x, h0, *weights]

def whole(sources):
    return loss(*sources[:2], sources[2:])

def along(sources):
    return sum((g * r).sum() for g, r in zip(jax.grad(whole)(sources), rates))

got = np.asarray(jax.grad(along)(sources)[2]).T

# as the recurrence gives it in a wider type
expected = np.array([[0.0], [3.0]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0)
