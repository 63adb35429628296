"""As tf-keras-states-in-mixed-precision, in clauses that ask each case of a narrow type in mixed precision,
too.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

x, h0 = np.float32([[[1.0, -1.0]]]), np.float32([[0.5, -0.5]])
W_x = np.float32([[1.0, 0.5], [0.25, 1.0]])
W_h = np.float32([[0.5, 0.25], [1.0, 0.5]])
b = np.float32([0.25, 0.5])

# as the recurrence gives it in a wider type
expected = np.array([[[0.875, 0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist())

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(2, dtype="mixed_bfloat16", activation="relu", **options)
layer.build((None, None, 2))
layer.set_weights([W_x.T, W_h.T, b])

got = np.asarray(layer(x, initial_state=[tf.constant(h0)])[0]).astype("float32")
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.79e-02), got.tolist()
