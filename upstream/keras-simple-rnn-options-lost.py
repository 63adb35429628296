"""SimpleRNN does nothing with its activity_regularizer, and leaves its seed out of its configuration.

Clause CFG-2 of rnn-conformance: every option survives its configuration."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras

layer = keras.layers.SimpleRNN(1, activity_regularizer=keras.regularizers.L2(0.125), seed=7)
again = keras.layers.SimpleRNN.from_config(layer.get_config())
expected = {"activity_regularizer": "L2", "seed": 7}
got = {"activity_regularizer": type(layer.activity_regularizer).__name__, "seed": again.cell.seed}
print("keras", keras.__version__)
print("expected", expected)
print("got     ", got)
print("difference in", [name for name in expected if got[name] != expected[name]])
sys.exit(int(got != expected))
