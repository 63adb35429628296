"""As tf-keras-unrolled-bidirectional-mask, where the last output of a stack is asked for: its lower layers
return sequences.

Clause OPT-2 of rnn-conformance: unrolling changes nothing."""

import numpy as np
import tf_keras as keras

x, mask = np.float32([[[1.0], [2.0]]]), np.array([[True, False]])

options = {"kernel_initializer": "ones", "recurrent_initializer": "zeros", "unroll": True}
lower = keras.layers.Bidirectional(keras.layers.SimpleRNN(1, return_sequences=True, **options))
upper = keras.layers.Bidirectional(keras.layers.SimpleRNN(1, **options))
got = upper(lower(x, mask=mask), mask=mask).numpy()

# h_t = φ(W_x x_t), in both directions, of the one step that is taken
below = np.tanh(x[:, 0].astype("float64"))
expected = np.tanh(np.concatenate([2 * below, 2 * below], axis=1))
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and abs(got - expected).max() <= 40 * 2**-24
