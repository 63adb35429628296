"""In mixed precision a stateful layer keeps no state: every call starts from zeros.

Clause HIS-2 of rnn-conformance: kept states go through a history."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x_0, x = np.float32([[[1.0]]]), np.float32([[[1.0]]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

options = {"return_state": True, "stateful": True}
layer = keras.layers.SimpleRNN(1, dtype="mixed_float16", return_sequences=True, **options)
layer.build((1, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

output, *states = layer(x_0)
got = keras.ops.convert_to_numpy(layer(x)[0]).astype("float32")

# as the recurrence gives it in a wider type
expected = np.array([[[0.9320971728898602]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.68e-04)
