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

d_output = np.array([[[-1.4184900838370172e+72], [4.2907864550423807e+71]]])
d_state = np.array([[-2.926509056028669e+72]])
x_t = torch.tensor(np.array([[[1.0], [0.5]]]), requires_grad=True)
output, state = layer(x_t, initial_state=[np.array([[0.5]])])
(d,) = torch.autograd.grad([output, state], [x_t], [torch.tensor(d_output), torch.tensor(d_state)])
got = keras.ops.convert_to_numpy(d)

# as the recurrence gives it in a wider type
expected = np.array([[[-6.97362312355201e+71], [-9.193540374108234e+71]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.02e+57)
