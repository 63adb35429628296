"""A float64 layer that is given a mask raises RuntimeError: two operands of a selection are of different
types.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x, mask = np.float64([[[1.0], [2.0]]]), np.bool([[True, True]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "longdouble"), []
for t in range(2):
    h = np.where(mask[:, t, None], np.tanh(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b), h)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist())

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x, mask=mask)[0])
print(got.tolist())
bound = np.array([[[1.49e-15], [1.49e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
