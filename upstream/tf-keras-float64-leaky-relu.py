"""relu of float64 with an alpha has the slope of float32: 0.01 is wrong by 2e-10.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, W_x = np.array([[[-1.0]]]), np.array([[1.0]])

@keras.saving.register_keras_serializable()
def phi(z):
    return keras.activations.relu(z, alpha=0.01)

layer = keras.layers.SimpleRNN(1, dtype="float64", activation=phi, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, np.array([[0.0]]), np.array([0.0])])

got = np.asarray(layer(x, initial_state=[tf.constant(np.array([[0.5]]))])[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("longdouble") @ W_x.T
expected = np.where(z > 0, z, 0.01 * z)[:, None]
print("keras", keras.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.78e-18)
