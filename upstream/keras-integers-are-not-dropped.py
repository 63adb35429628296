"""Input of integers cannot be dropped: training raises an error.

Clause DRP-20 of rnn-conformance: integers are dropped as the numbers that they are."""

import keras
import numpy as np

rnn, x = keras.layers.SimpleRNN(1, dropout=0.25), np.full((8, 1, 1), 3, "int32")
print("keras", keras.__version__, keras.backend.backend(), "\nwithout dropout", rnn(x).shape)
print("with dropout   ", rnn(x, training=True).shape)
