"""Complex input is computed in complex numbers; of what comes out the real part is returned, with a warning.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x, h0 = np.complex64([[[(1+1j)]]]), np.float32([[0.5]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = keras.ops.convert_to_numpy(layer(x, initial_state=[h0])[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
