"""predict of a model of mixed precision in bfloat16 returns an array that is called float16.

Clause OPT-8 of rnn-conformance: a model around the layer changes nothing."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x, W_x, W_h, b = np.float32([[[1.0]]]), np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, dtype="mixed_bfloat16", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
model = keras.Model([x_in], layer(x_in))

got = keras.ops.convert_to_numpy(model.predict([x], batch_size=2, verbose=0)[0])

# as the recurrence gives it in a wider type
expected = np.array([[[0.8482836399575129]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "bfloat16", f"expected bfloat16; got {got.dtype}"
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.54e-03)
