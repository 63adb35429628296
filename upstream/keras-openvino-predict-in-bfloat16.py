"""On a processor that has bfloat16, predict computes float32 and float16 models in it; a call of the model
does not.

Clause OPT-8 of rnn-conformance: a model around the layer changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[0.1]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
model = keras.Model([x_in], layer(x_in))

got = keras.ops.convert_to_numpy(model.predict([x], batch_size=2, verbose=0)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.93e-07)
