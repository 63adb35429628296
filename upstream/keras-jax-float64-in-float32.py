"""A float64 layer computes in float32, and returns it.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x, h0 = np.float64([[[1.0]]]), np.float64([[0.5]])
W_x, W_h, b = np.float64([[0.1]]), np.float64([[0.0]]), np.float64([0.0])

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(jax.jit(layer)(x, initial_state=[h0])[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
z = x[:, 0].astype("longdouble") @ W_x.T + h0.astype("longdouble") @ W_h.T + b
expected = np.tanh(z)[:, None]
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float64", f"expected float64; got {got.dtype}"
bound = np.array([[[1.38e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
