"""Gradients of float64 are NaN of numbers that float32 does not hold, before the step of these, too.

Clause GRD-14 of rnn-conformance: gradients of float64 are computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch

layer = keras.layers.SimpleRNN(1, activation="softplus", dtype="float64", return_sequences=True)
layer.build((None, None, 2))
layer.set_weights([np.array([[1.0], [0.0]]), np.array([[0.0]]), np.array([0.0])])
x = torch.tensor([[[0.5, 0.5], [0.5, 1e200]]], dtype=torch.float64, requires_grad=True)
layer(x).sum().backward()
got, expected = float(x.grad[0, 0, 0]), float(torch.sigmoid(x[0, 0, 0]))
print("keras", keras.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
