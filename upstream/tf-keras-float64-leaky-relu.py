"""relu of float64 with an alpha has the slope of float32: 0.01 is wrong by 2e-10.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, h0 = np.float64([[[-1.0]]]), np.float64([[0.5]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.0]]), np.float64([0.0])

@keras.saving.register_keras_serializable()
def phi(z):
    return keras.activations.relu(z, alpha=0.01)

layer = keras.layers.SimpleRNN(1, dtype="float64", activation=phi, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = np.asarray(layer(x, initial_state=[tf.constant(h0)])[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("longdouble") @ W_x.T + h0.astype("longdouble") @ W_h.T + b
expected = np.where(z > 0, z, 0.01 * z)[:, None]
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[7.78e-18]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
