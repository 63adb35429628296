"""A stateful bidirectional layer that returns its states raises TypeError when its input carries a mask.

Clause SHP-1 of rnn-conformance: the shape of the sequence output is inferred."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0]]]), np.array([[True, True]])
print("keras", keras.__version__)

for stateful in (False, True):
    rnn = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, stateful=stateful)
    layer = keras.layers.Bidirectional(rnn)
    layer.build((1, None, 1))
    print(f"stateful={stateful}: expected the mask {mask.tolist()}")
    print("got", np.asarray(layer.compute_mask(x, mask)[0]).tolist())
