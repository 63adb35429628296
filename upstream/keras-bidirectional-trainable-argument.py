"""In a model, Bidirectional(..., trainable=False) is trained.

Clause CFG-5 of rnn-conformance: a layer that is not trained has no trainable weights."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras

layer = keras.layers.Bidirectional(keras.layers.SimpleRNN(1), trainable=False)
model = keras.Sequential([keras.Input((None, 1)), layer])
expected, got = 0, len(model.trainable_weights)
print("keras", keras.__version__)
print("expected", expected, "trainable weights; the layer itself says", len(layer.trainable_weights))
print("got     ", got)
print("difference", got - expected)
sys.exit(int(got != expected))
