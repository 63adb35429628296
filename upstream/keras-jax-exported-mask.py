"""A model with a mask is not exported for any number of time steps: JAX's scan raises ValueError.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np
import tensorflow as tf

x, mask = np.float32([[[1.0], [2.0]]]), np.array([[True, False]])
x_in, mask_in = keras.Input((None, 1)), keras.Input((None,), dtype="bool")
model = keras.Model([x_in, mask_in], keras.layers.SimpleRNN(1)(x_in, mask=mask_in))
expected = np.asarray(model([x, mask]))
print("keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp()
model.export(path, verbose=False)
got = np.asarray(tf.saved_model.load(path).serve([x, mask]))
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=27 * 2**-24), got
