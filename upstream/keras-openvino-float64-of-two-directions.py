"""A float64 bidirectional layer returns float32.

Clause SEQ-4 of rnn-conformance: outputs have the type of the weights."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.array([[[1.0], [2.0]]])
W_x_0, W_h_0, b_0 = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])
W_x_1, W_h_1, b_1 = np.float64([[0.5]]), np.float64([[1.0]]), np.float64([0.5])

layer = keras.layers.Bidirectional(
    keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True), dtype="float64",
)
layer.build((None, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(layer(x)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b):
    x, h, states = x.astype("longdouble"), np.asarray(h, "longdouble"), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0)
states_1, h_1 = rnn(x[:, ::-1], np.zeros((1, 1)), W_x_1, W_h_1, b_1)
expected = np.concatenate([states_0, states_1[:, ::-1]], axis=-1)
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float64", f"expected float64; got {got.dtype}"
bound = np.array([[[1.49e-15, 1.53e-15], [1.37e-15, 1.46e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
