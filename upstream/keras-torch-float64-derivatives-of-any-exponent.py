"""As keras-float64-beyond-float32, of cotangents and rates of change that are large or small.

Clause GRD-14 of rnn-conformance: gradients of float64 are computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import torch
import keras
import numpy as np

layer = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([np.array([[0.5]]), np.array([[0.5]]), np.array([0.0])])

d_output = np.array([[[2.221460720927992e+71], [-2.3340908994918667e+71]]])
d_state = np.array([[1.131528880153306e+72]])
x_t = torch.tensor(np.array([[[1.0], [0.5]]]), requires_grad=True)
output, state = layer(x_t, initial_state=[np.array([[0.5]])])
(d,) = torch.autograd.grad([output, state], [x_t], [torch.tensor(d_output), torch.tensor(d_state)])
got = keras.ops.convert_to_numpy(d)

# as the recurrence gives it in a wider type
expected = np.array([[[1.6488495631756103e+71], [3.306158408751552e+71]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.26e+57)
