"""A model with a mask is not exported for any number of time steps: JAX's scan raises ValueError.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
import tensorflow as tf
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0]]]), np.bool([[True, False]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(2):
    h = np.where(mask[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(h)
expected = np.stack(states, axis=1)
print("keras", keras.__version__, "\nexpected", expected.tolist())

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])
x_in = keras.Input((None, 1))
mask_in = keras.Input((None,), dtype="bool")
output, *states = layer(x_in, mask=mask_in)
model = keras.Model([x_in, mask_in], [output, *states])

def exported(given):
    model(given)
    path = os.path.join(tempfile.mkdtemp(), "model")
    model.export(path, verbose=False)
    loaded = tf.saved_model.load(path)
    types = [symbol.dtype for symbol in model.inputs]
    return loaded.serve(list(map(tf.cast, given, types)))

got = keras.ops.convert_to_numpy(exported([x, mask])[0])
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
