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
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float64", f"expected float64; got {got.dtype}"
bound = np.array([[[1.54e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
