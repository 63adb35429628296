"""Gradients through softplus are NaN of float64 numbers that float32 does not hold, before the step of these,
too.

Clause GRD-14 of rnn-conformance: gradients of float64 are computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import torch
import keras
import numpy as np

x = np.array([[[0.5, 0.5], [0.5, 1.0]], [[0.25, 0.5], [1.0, 0.5]], [[1.0, 0.5], [2.0, 0.5]]])

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(1, dtype="float64", activation="softplus", **options)
layer.build((None, None, 2))
layer.set_weights([np.array([[1.0], [0.0]]), np.array([[0.0]]), np.array([0.0])])

d_output = np.array([
    0.12573022109339327, -0.132104863291302, 0.640422650443282, 0.10490011715303971, -0.5356693731611109,
    0.36159505490948485
]).reshape((3, 2, 1))
d_state = np.array([[1.3040000451301372], [0.9470809631292423], [-0.7037352358069926]])
x_t = torch.tensor(x, requires_grad=True)
output, state = layer(x_t, initial_state=[np.array([[0.5], [0.5], [0.5]])])
(d,) = torch.autograd.grad([output, state], [x_t], [torch.tensor(d_output), torch.tensor(d_state)])
got = keras.ops.convert_to_numpy(d)

# as the recurrence gives it in a wider type
expected = np.array([
    0.07826194933365488, 0.0, 0.7294570911260772, 0.0, 0.36003056471421285, 0.0, 0.7690597932968222, 0.0,
    -0.39160569055878736, 0.0, -0.30135607159334893, 0.0
]).reshape((3, 2, 2))
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.03e-15)
