"""With reverse_state_order the states of a stack of cells stand bottom first all the same.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import sys

import numpy as np
import tf_keras as keras

x = np.array([[[1.0]]], "float32")
cells = [keras.layers.SimpleRNNCell(1), keras.layers.SimpleRNNCell(1)]
stack = keras.layers.StackedRNNCells(cells, reverse_state_order=True)
layer = keras.layers.RNN(stack, return_state=True)
layer.build((None, None, 1))
one, zero = np.float32([[1.0]]), np.float32([0.0])
layer.set_weights([one, one, zero, one, one, zero])
output, *states = layer(x)
bottom = np.tanh(1.0)
expected, got = [float(np.tanh(bottom)), float(bottom)], [float(state[0, 0]) for state in states]
print("tf_keras", keras.__version__)
print("expected", expected, "top first")
print("got     ", got)
print("difference", np.abs(np.subtract(got, expected)).max())
sys.exit(int(np.abs(np.subtract(got, expected)).max() > 1e-6))
