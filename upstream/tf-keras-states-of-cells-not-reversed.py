"""With reverse_state_order the states of a stack of cells stand bottom first all the same.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import numpy as np
import tf_keras as keras

cells = [keras.layers.SimpleRNNCell(1), keras.layers.SimpleRNNCell(1)]
stack = keras.layers.StackedRNNCells(cells, reverse_state_order=True)
layer = keras.layers.RNN(stack, return_state=True)
layer.build((None, None, 1))
layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])

output, *states = layer(np.float32([[[1.0]]]))
expected, got = np.float64([np.tanh(np.tanh(2) + 1), np.tanh(2)]), np.float64(states).ravel()
print("tf_keras", keras.__version__, "\nexpected", expected.tolist(), "top first\ngot     ", got.tolist())
assert got.shape == expected.shape and abs(got - expected).max() <= 28 * 2**-24
