"""An empty list of initial states is taken for none given: the layer starts from zeros.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import numpy as np
import tf_keras as keras

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = np.asarray(layer(x, initial_state=[])[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
