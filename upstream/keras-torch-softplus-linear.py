"""softplus of float64 is z itself above 20: it is wrong by up to 2e-9.

Clause ACT-15 of rnn-conformance: activations of float64 of any size."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[[5e-324], [25.0]]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.0]]), np.float64([0.0])

layer = keras.layers.SimpleRNN(1, dtype="float64", activation="softplus", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "longdouble"), []
for t in range(2):
    h = np.logaddexp(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b, 0)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[4.47e-14], [4.47e-14]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
