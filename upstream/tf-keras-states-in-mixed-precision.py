"""In mixed precision, initial states of float32 raise InvalidArgumentError, or TypeError in a graph.

Clause DTY-7 of rnn-conformance: mixed precision computes as a network of that type."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, h0 = np.float32([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# as the recurrence gives it in a wider type
expected = np.array([[[0.9051482536448665]]])
print("keras", keras.__version__, "\nexpected", expected.tolist())

layer = keras.layers.SimpleRNN(1, dtype="mixed_bfloat16", return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = np.asarray(layer(x, initial_state=[tf.constant(h0)])[0]).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=6.82e-03), got.tolist()
