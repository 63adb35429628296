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

output, *states = model.predict([x], batch_size=2, verbose=0)
got = np.asarray(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "longdouble"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.astype("float64").tolist())
print("got     ", got.tolist())
bound = np.array([[[1.38e-15]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
