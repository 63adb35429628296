"""A model with an activation that is registered with Keras is written to an H5 file, but cannot be read:
ValueError: Unknown activation function.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

import numpy as np
import tf_keras as keras

x = np.array([[[1.0]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("float64") @ W_x.T + b
expected = np.where(z > 0, z, 1.5 * np.expm1(z))[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist())

@keras.saving.register_keras_serializable()
def phi(z):
    return keras.activations.elu(z, alpha=1.5)

layer = keras.layers.SimpleRNN(1, activation=phi, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
output, *states = layer(x_in)
model = keras.Model([x_in], [output, *states])
path = os.path.join(tempfile.mkdtemp(), "model.h5")
model.save(path)
model = keras.models.load_model(path)

got = np.asarray(model([x])[0])
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.79e-06, equal_nan=True)
