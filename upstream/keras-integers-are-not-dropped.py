"""A layer with dropout takes no input of integers, in training or not.

Clause DRP-20 of rnn-conformance: integers are dropped as the numbers that they are."""

import keras
import numpy as np

x = np.full((8, 1, 1), 3, "int32")
without, rnn = keras.layers.SimpleRNN(1), keras.layers.SimpleRNN(1, dropout=0.25)
print("keras", keras.__version__, keras.backend.backend(), "\nexpected", without(x).shape, flush=True)
print("got     ", rnn(x, training=True).shape)
