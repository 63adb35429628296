"""With zero_output_for_mask the last output of a row is zero if its last step is masked.

Clause OPT-9 of rnn-conformance: steps not taken can be said otherwise."""

import numpy as np
import tf_keras as keras

x, mask = np.float32([[[1.0], [2.0]]]), np.array([[True, False]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

layer = keras.layers.SimpleRNN(1, return_state=True, zero_output_for_mask=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = np.asarray(layer(x, mask=mask)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07)
