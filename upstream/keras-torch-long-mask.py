"""A mask of more steps than the input is taken; its end is ignored.

Clause MSK-6 of rnn-conformance: a mask of the wrong shape is an error."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]])
mask = np.array([[True, True, True], [True, True, True], [True, True, True]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = keras.ops.convert_to_numpy(layer(x, mask=mask)[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
