"""A layer drops the same numbers in its first two calls.

Clause DRP-7 of rnn-conformance: every call draws anew."""

import os
import sys

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x = np.ones((1, 1, 100), "float32")

layer = keras.layers.SimpleRNN(100, activation="relu", kernel_initializer="identity", dropout=0.5)
dropped = [keras.ops.convert_to_numpy(layer(x, training=True)) == 0 for _ in range(4)]
pairs = list(zip(dropped, dropped[1:]))
got = [bool((one == other).all()) for one, other in pairs]
expected = [False] * len(got)
print("keras", keras.__version__)
print("two calls after one another drop the same: expected", expected)
print("got", got)
sys.exit(int(got != expected))
