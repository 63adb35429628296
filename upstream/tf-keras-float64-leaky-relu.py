"""relu of float64 with an alpha has the slope of float32: 0.01 is wrong by 2e-10.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x = np.array([[[-1.0]]])
h0 = np.array([[0.5]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.0]]), np.float64([0.0])

@keras.saving.register_keras_serializable()
def phi(z):
    return keras.activations.relu(z, alpha=0.01)

layer = keras.layers.SimpleRNN(1, dtype="float64", activation=phi, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

output, *states = layer(x, initial_state=[tf.constant(h0)])
got = np.asarray(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = h0.astype("longdouble"), []
for t in range(1):
    z = x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b
    h = np.where(z > 0, z, 0.01 * z)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.astype("float64").tolist())
print("got     ", got.tolist())
bound = np.array([[[7.78e-18]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
