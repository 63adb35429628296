"""Compiled (stateless_call under jax.jit), a stateful layer starts every call from zeros.

Clause STA-3 of rnn-conformance: a stateful layer goes on where it was."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x_0 = np.array([[[1.0]]], "float32")
x = np.array([[[2.0]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, stateful=True)
layer.build((1, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

@jax.jit
def stateless(trainable, others, x, options):
    return layer.stateless_call(trainable, others, x, **options)

def call(x, **options):
    trainable = [variable.value for variable in layer.trainable_variables]
    others = [variable.value for variable in layer.non_trainable_variables]
    outputs, updated = stateless(trainable, others, x, options)
    for variable, value in zip(layer.non_trainable_variables, updated):
        variable.assign(value)
    return outputs

output, *states = call(x_0)
got = keras.ops.convert_to_numpy(call(x)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
whole = np.concatenate([x_0, x], axis=1)
h, states = np.zeros((1, 1), "float64"), []
for t in range(2):
    h = np.tanh(whole[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states[-1:], axis=1)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.35e-07, equal_nan=True)
