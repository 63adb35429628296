"""As tf-keras-state-too-few, of a layer of one direction that stands below or above one of two.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])
h0_0, h0_1 = np.float32([[0.5], [0.5], [0.5]]), np.float32([[0.5], [0.5], [0.5]])

layer_0 = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True)
layer_0.build((None, None, 1))
layer_1 = keras.layers.Bidirectional(keras.layers.SimpleRNN(1, return_sequences=True, return_state=True))
layer_1.build((None, None, 1))

try:
    output, *states_0 = layer_0(x, initial_state=[])
    got = np.asarray(layer_1(output, initial_state=[tf.constant(h0_0), tf.constant(h0_1)])[0])
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of keras {keras.__version__}")
