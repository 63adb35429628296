"""Double backward of Keras's hard_sigmoid raises RuntimeError: derivative for aten::hardsigmoid_backward is
not implemented.

Clause GRD-16 of rnn-conformance: gradients of gradients through every activation."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import torch
import keras
import numpy as np

x, h0 = np.float64([[[1.0]]]), np.float64([[0.5]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[0.0]]])
print("keras", keras.__version__, "\nexpected", expected.astype("float64").tolist())

layer = keras.layers.SimpleRNN(1, dtype="float64", activation="hard_sigmoid", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

d_sequence = np.array([[[0.125]]])
d_states = np.array([[[-0.125]]])

def loss(x, h0):
    output, *states = layer(x, initial_state=[h0])
    of_states = keras.ops.sum(torch.tensor(d_states) * keras.ops.stack(states))
    return keras.ops.sum(torch.tensor(d_sequence) * output) + of_states

rates = [
    np.float64([[[-1.25]]]), np.float64([[0.875]]), np.float64([[0.875]]), np.float64([[0.375]]),
    np.float64([0.375]),
]
x_t = torch.tensor(x, requires_grad=True)
h0_t = torch.tensor(h0, requires_grad=True)
sources = [x_t, h0_t, *(variable.value for variable in layer.trainable_variables)]
gradients = torch.autograd.grad(loss(x_t, h0_t), sources, create_graph=True)
along = sum((g * torch.tensor(r)).sum() for g, r in zip(gradients, rates))
(d,) = torch.autograd.grad(along, sources[0])
got = keras.ops.convert_to_numpy(d)
print(got.tolist())
bound = np.array([[[8.1e-18]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
