"""Numbers are rounded to bfloat16 toward zero wherever the last bit that is kept is zero: 1.00586 to 1, not to
1.00781.

Clause DTY-2 of rnn-conformance: a step rounds each product and sum once."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.array([[[-0.050537109375]]], "float32")
h0 = np.array([[1.0234375, -0.326171875, -0.609375, 0.158203125]], "float32")
W_x = np.array([[0.7109375], [0.0], [0.0], [0.0]], "float32")
W_h = np.array([
    0.21875, -0.96875, -0.0439453125, 0.2431640625, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
], "float32").reshape((4, 4))

layer = keras.layers.SimpleRNN(4, dtype="bfloat16", use_bias=False, recurrent_initializer="zeros", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T])

output, *states = layer(x, initial_state=[h0])
got = keras.ops.convert_to_numpy(output).astype("float32")

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = h0.astype("float64"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 5.75e-03)
close = np.allclose(got, expected, rtol=0, atol=5.75e-03, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
