"""A predict that is refused leaves the model without weights: the next one raises TypeError.

Clause HIS-7 of rnn-conformance: a refused call leaves nothing behind."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

model = keras.Sequential([keras.Input((None, 1)), keras.layers.SimpleRNN(2)])
x, wrong = np.ones((1, 3, 1), "float32"), np.ones((1, 3, 2), "float32")
model.predict(x, verbose=0)
try:
    model.predict(wrong, verbose=0)
except Exception as error:
    print("refused:", type(error).__name__)
print("keras", keras.__version__)
print("expected an output of shape (1, 2)")
print("got     ", model.predict(x, verbose=0).shape)
