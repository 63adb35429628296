"""Weights that are assigned after a first predict are not used by the next one.

Clause HIS-7 of rnn-conformance: a call computes with the weights that the model holds."""

import os
import sys

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.array([[[1.0]]], "float32")
W_x, W_h, b = np.array([[1.0]]), np.array([[0.0]]), np.array([0.0])

symbol = keras.Input((None, 1))
model = keras.Model(symbol, keras.layers.SimpleRNN(1, return_sequences=True)(symbol))
model.set_weights([0.5 * W_x, W_h, b])
model.predict(x, verbose=0)
model.set_weights([W_x, W_h, b])
got = model.predict(x, verbose=0)
expected = np.tanh(x @ W_x.T)
print("keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max())
sys.exit(int(abs(got - expected).max() > 1e-6))
