"""Weights that are assigned after a first predict are not used by the next one.

Clause HIS-7 of rnn-conformance: a call computes with the weights that the model holds."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x, one, zero = np.float32([[[1.0]]]), np.float32([[1.0]]), np.float32([[0.0]])
model = keras.Sequential([keras.Input((None, 1)), keras.layers.SimpleRNN(1)])
model.set_weights([0.5 * one, zero, zero[0]])
model.predict(x, verbose=0)
model.set_weights([one, zero, zero[0]])
got, expected = model.predict(x, verbose=0), np.tanh(x[:, 0])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and abs(got - expected).max() <= 19 * 2**-24
