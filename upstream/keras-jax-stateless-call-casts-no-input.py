"""In mixed precision, stateless_call of a layer that drops input raises TypeError in training.

Clause DRP-16 of rnn-conformance: what is left of the input is computed as outside training."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

x = np.ones((1, 3, 1), "float32")
layer = keras.layers.SimpleRNN(2, dropout=0.5, dtype="mixed_float16")
print("keras", keras.__version__, "\nexpected", layer(x, training=True).dtype)
weights, others = ([v.value for v in each] for each in (layer.trainable_variables, layer.non_trainable_variables))
got, _ = layer.stateless_call(weights, others, x, training=True)
print("got     ", got.dtype)
