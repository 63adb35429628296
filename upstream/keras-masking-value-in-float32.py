"""Masking rounds its mask_value to float32: float64 input that holds a number which float32 does not is not
masked.

Clause OPT-9 of rnn-conformance: steps not taken can be said otherwise."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x, mask = np.float64([[[0.1, 1.0], [1.0, 1.0]]]), np.bool([[True, False]])
W_x, W_h, b = np.float64([[1.0, 0.5]]), np.float64([[0.5]]), np.float64([0.25])

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 2))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 2), dtype="float64")
output, *states = layer(keras.layers.Masking(0.1, dtype="float64")(x_in))
model = keras.Model([x_in], [output, *states])

x[~mask] = 0.1
got = keras.ops.convert_to_numpy(model([x])[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "longdouble"), []
for t in range(2):
    h = np.where(mask[:, t, None], np.tanh(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b), h)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[1.58e-15], [1.58e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
