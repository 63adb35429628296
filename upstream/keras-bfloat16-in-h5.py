"""A model of bfloat16 is written to an H5 file, but cannot be read: ValueError: No cast function available.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x = np.array([[[1.0], [2.0]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(2):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.tolist())

layer = keras.layers.SimpleRNN(1, dtype="bfloat16", recurrent_initializer="zeros", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1), dtype="bfloat16")
output, *states = layer(x_in)
model = keras.Model([x_in], [output, *states])
path = os.path.join(tempfile.mkdtemp(), "model.h5")
model.save(path)
model = keras.models.load_model(path)

got = keras.ops.convert_to_numpy(model([x])[0]).astype("float32")
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.54e-03, equal_nan=True)
