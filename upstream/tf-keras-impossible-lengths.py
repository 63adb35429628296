"""Of a ragged tensor that is made with lengths, those below 0 are taken for 0 and those above T for T.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, lengths = np.float32([[[1.0]], [[1.0]], [[1.0]]]), np.array([1, 2, 1])

layer = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer.build((None, None, 1))

try:
    got = np.asarray(layer(tf.RaggedTensor.from_tensor(x, lengths))[0].to_tensor(shape=(None, 1, None)))
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
