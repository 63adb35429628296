"""float16 input of a layer that is a step of a longer sequence is read as the whole numbers that have its
bits.

Clause STA-2 of rnn-conformance: a sequence can be given step by step."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x, h0 = np.float16([[[0.5]], [[1.0]]]), np.float16([[1.0], [1.0]])
W_x, W_h, b = np.float16([[1.0]]), np.float16([[0.0]]), np.float16([0.0])

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(1, dtype="float16", recurrent_initializer="zeros", **options)
layer.build((None, None, 1))
layer.set_weights([np.ascontiguousarray(W_x.T), np.ascontiguousarray(W_h.T), b])

got = keras.ops.convert_to_numpy(layer(x, initial_state=[h0])[0]).astype("float32")

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T)[:, None]
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=9.90e-04)
