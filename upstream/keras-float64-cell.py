"""A float64 cell that is called by itself returns float32.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "numpy"
import keras
import numpy as np

x = np.array([[[1.0]]])
W_x, W_h, b = np.float64([[0.5]]), np.float64([[0.5]]), np.float64([0.25])

layer = keras.layers.SimpleRNNCell(1, dtype="float64")
layer.build((None, 1))
layer.set_weights([W_x.T, W_h.T, b])

outputs, h = [], layer.get_initial_state(1)
for t in range(1):
    output, h = layer(x[:, t], h)
    outputs.append(output)
got = np.stack([keras.ops.convert_to_numpy(output) for output in outputs], axis=1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "longdouble"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.astype("float64").tolist())
print("got     ", got.tolist())
assert got.dtype == "float64", f"expected float64; got {got.dtype}"
bound = np.array([[[1.54e-15]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
