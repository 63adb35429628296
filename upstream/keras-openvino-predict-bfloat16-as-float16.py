"""predict of a bfloat16 model returns an array that is called float16: 1.0 is shown as 1.875.

Clause OPT-8 of rnn-conformance: a model around the layer changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x, W_x, W_h, b = np.float32([[[1.0]]]), np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(1, dtype="bfloat16", recurrent_initializer="zeros", **options)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1), dtype="bfloat16")

got = keras.ops.convert_to_numpy(keras.Model([x_in], layer(x_in)).predict([x], batch_size=2, verbose=0)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "bfloat16", f"expected bfloat16; got {got.dtype}"
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.54e-03)
