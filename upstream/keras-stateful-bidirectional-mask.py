"""A stateful bidirectional layer that returns its states raises TypeError when its input carries a mask.

Clause SHP-5 of rnn-conformance: the mask is handed on with the sequence output."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

x = np.array([[[1.0], [2.0]]], "float32")
mask = np.array([[True, True]])
print("keras", keras.__version__)

for stateful in (False, True):
    rnn = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, stateful=stateful)
    layer = keras.layers.Bidirectional(rnn)
    layer.build((1, None, 1))
    try:
        got = layer.compute_mask(x, mask)[0]
    except TypeError as error:
        print(f"stateful={stateful}: expected the mask {mask.tolist()}; got TypeError: {error}")
        sys.exit(1)
    print(f"stateful={stateful}: expected the mask {mask.tolist()}; got {np.asarray(got).tolist()}")
