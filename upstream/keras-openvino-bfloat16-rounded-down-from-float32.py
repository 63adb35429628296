"""In mixed precision, weights and input are rounded to bfloat16 toward zero wherever the last bit that is kept
is zero.

Clause DTY-6 of rnn-conformance: mixed precision rounds weights and input first."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.float32([[[2.18312, -2.1875]]])
W_x, W_h, b = np.float32([[0.12573, 0.12597656]]), np.float32([[0.0]]), np.float32([0.0])

layer = keras.layers.SimpleRNN(1, dtype="mixed_bfloat16", return_sequences=True, return_state=True)
layer.build((None, None, 2))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0]).astype("float32")

# as the recurrence gives it in a wider type
expected = np.array([[[0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.85e-07)
