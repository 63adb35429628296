"""predict rounds float64 input to float32 before a float64 model sees it.

Clause OPT-8 of rnn-conformance: a model around the layer changes nothing."""

import numpy as np
import tf_keras as keras

x = np.array([[[0.1]]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.0]]), np.float64([0.0])

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1), dtype="float64")
output, *states = layer(x_in)
model = keras.Model([x_in], [output, *states])

got = np.asarray(model.predict([x], batch_size=2, verbose=0)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[1.38e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
