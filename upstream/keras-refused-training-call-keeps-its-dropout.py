"""A refused call of training leaves what it was to drop in the layer: the next such call raises.

Clause ERR-9 of rnn-conformance: a refused call leaves nothing behind."""

import keras
import numpy as np

layer = keras.layers.SimpleRNN(2, dropout=0.5)
x, wrong = np.ones((1, 3, 1), "float32"), np.ones((1, 3, 2), "float32")
layer(x, training=True)
try:
    layer(wrong, training=True)
except Exception as error:
    print("refused:", type(error).__name__)
print("keras", keras.__version__, "on", keras.backend.backend())
print("expected an output of shape (1, 2)")
print("got     ", layer(x, training=True).shape)
