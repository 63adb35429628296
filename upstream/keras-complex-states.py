"""Of complex initial states the real part is taken.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x, h0 = np.float32([[[1.0]]]), np.complex64([[(0.5+1j)]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = keras.ops.convert_to_numpy(layer(x, initial_state=[h0])[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
