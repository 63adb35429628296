"""As tf-keras-float64-leaky-relu, where other cells have other activations.

Clause OPT-1 of rnn-conformance: options act together as each does alone."""

import numpy as np
import tf_keras as keras

x = np.array([[[-1.0]]])
W_x_0, W_h_0, b_0 = np.float64([[1.0]]), np.float64([[0.0]]), np.float64([0.0])
W_x_1, W_h_1, b_1 = np.float64([[1.0]]), np.float64([[0.0]]), np.float64([0.0])

@keras.saving.register_keras_serializable()
def phi(z):
    return keras.activations.relu(z, alpha=0.01)

layer_0 = keras.layers.SimpleRNN(1, dtype="float64", activation=phi, return_sequences=True, return_state=True)
layer_0.build((None, None, 1))
layer_0.set_weights([W_x_0.T, W_h_0.T, b_0])
layer_1 = keras.layers.SimpleRNN(1, dtype="float64", activation="linear", return_sequences=True, return_state=True)
layer_1.build((None, None, 1))
layer_1.set_weights([W_x_1.T, W_h_1.T, b_1])

output, *states_0 = layer_0(x)
output, *states_1 = layer_1(output)
got = np.asarray(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, phi):
    x, h, states = x.astype("longdouble"), np.asarray(h, "longdouble"), []
    for t in range(x.shape[1]):
        h = phi(x[:, t] @ W_x.T + h @ W_h.T + b)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0, lambda z: np.where(z > 0, z, 0.01 * z))
states_1, h_1 = rnn(states_0, np.zeros((1, 1)), W_x_1, W_h_1, b_1, lambda z: z)
expected = states_1
print("keras", keras.__version__)
print("expected", expected.astype("float64").tolist())
print("got     ", got.tolist())
bound = np.array([[[1.34e-17]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
