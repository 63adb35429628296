"""In gradients of float64, the slope of Keras's hard_sigmoid is 1/6 of float32: wrong by 5e-9.

Clause GRD-14 of rnn-conformance: gradients of float64 are computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import torch
import keras
import numpy as np

x, h0 = np.float64([[[1.0]]]), np.float64([[0.5]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

layer = keras.layers.SimpleRNN(1, dtype="float64", activation="hard_sigmoid", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

d_sequence = np.array([[[0.12573022109339327]]])
d_states = np.array([[[-0.132104863291302]]])

def loss(x, h0):
    output, *states = layer(x, initial_state=[h0])
    of_states = keras.ops.sum(torch.tensor(d_states) * keras.ops.stack(states))
    return keras.ops.sum(torch.tensor(d_sequence) * output) + of_states

x_t = torch.tensor(x, requires_grad=True)
h0_t = torch.tensor(h0, requires_grad=True)
sources = [x_t, h0_t, *(variable.value for variable in layer.trainable_variables)]
(d,) = torch.autograd.grad(loss(x_t, h0_t), sources[0])
got = keras.ops.convert_to_numpy(d)

# as the recurrence gives it in a wider type
expected = np.array([[[-0.0010624403663181217]]])
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[5.93e-19]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
