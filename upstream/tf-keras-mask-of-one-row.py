"""A mask of one row is taken for every row of the batch.

Clause MSK-6 of rnn-conformance: a mask of the wrong shape is an error."""

import numpy as np
import tf_keras as keras

x, mask = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([[True, True]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = np.asarray(layer(x, mask=mask)[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
