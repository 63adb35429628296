"""RNN of a cell that goes backwards hands on the mask of its input in the order of the input.

Its outputs are in processing order: the next layer leaves out other time steps than those that were masked.
Clause SHP-8 of rnn-conformance: every other route infers the same."""

import sys

import numpy as np
import tf_keras as keras

x = np.array([[[1.0], [2.0], [3.0]]], "float32")
mask = np.array([[True, False, False]])

layer = keras.layers.RNN(keras.layers.SimpleRNNCell(1), return_sequences=True, go_backwards=True)
layer.build((None, None, 1))
got = np.asarray(layer.compute_mask(x, mask))
expected = mask[:, ::-1]  # the outputs are those of steps 2, 1, 0
print("tf_keras", keras.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference in", (got != expected).sum(), "steps")
sys.exit(int((got != expected).any()))
