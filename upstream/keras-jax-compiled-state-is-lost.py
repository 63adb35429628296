"""Compiled (stateless_call under jax.jit), a stateful layer starts every call from zeros.

Clause STA-3 of rnn-conformance: a stateful layer goes on where it was."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras

x = keras.ops.ones((1, 1, 1))
layer = keras.layers.SimpleRNN(1, stateful=True, kernel_initializer="ones")
layer(x)
expected = layer(x)  # the second call goes on where the first stopped
layer.reset_state()

call, weights = jax.jit(layer.stateless_call), [weight.value for weight in layer.trainable_variables]
_, others = call(weights, [variable.value for variable in layer.non_trainable_variables], x)
got, _ = call(weights, others, x)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert abs(got - expected).max() <= 49 * 2**-24
