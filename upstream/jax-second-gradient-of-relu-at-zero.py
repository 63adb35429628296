"""The gradient of a gradient takes 1/2 for the derivative of relu at 0, where the gradient itself takes 0.

Clause GRD-13 of rnn-conformance: it is zero for gradients of gradients too."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras

x, W_x, W_h = jax.numpy.array([[[0.0], [1.0]]]), jax.numpy.array([[1.0]]), jax.numpy.array([[0.0]])
layer = keras.layers.SimpleRNN(1, activation="relu", use_bias=False)
layer.build((None, None, 1))
others = [variable.value for variable in layer.non_trainable_variables]

def output(W_h, x):
    return layer.stateless_call([W_x, W_h], others, x)[0].sum()

# the gradient of W_h is h_1 = relu(x_1), and x_1 is 0
got = jax.grad(lambda x: jax.grad(output)(W_h, x).sum())(x)
print("keras", keras.__version__, "\nexpected", [[[0.0], [0.0]]], "\ngot     ", got.tolist())
assert not got.any()
