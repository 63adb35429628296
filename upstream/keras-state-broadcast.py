"""An initial state of batch 1 is taken for every row of the batch.

Clause ERR-3 of rnn-conformance: initial state of the wrong shape is an error."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x, h0 = np.float32([[[1.0]], [[1.0]], [[1.0]]]), np.float32([[0.5]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = keras.ops.convert_to_numpy(layer(x, initial_state=[h0])[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
