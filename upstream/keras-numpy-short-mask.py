"""With a mask of fewer steps than the input, the last steps are left out and the output is shorter.

Clause MSK-6 of rnn-conformance: a mask of the wrong shape is an error."""

import os

os.environ["KERAS_BACKEND"] = "numpy"
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([[True], [True], [True]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = keras.ops.convert_to_numpy(layer(x, mask=mask)[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
