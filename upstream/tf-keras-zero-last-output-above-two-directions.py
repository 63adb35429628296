"""As tf-keras-zero-last-output, of a layer above a bidirectional one.

Clause OPT-9 of rnn-conformance: steps not taken can be said otherwise."""

import numpy as np
import tf_keras as keras

mask = np.array([[True, False]])
W_x_1, W_h_1, b_1 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn_0 = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, zero_output_for_mask=True)
layer_0 = keras.layers.Bidirectional(rnn_0)
layer_0.build((None, None, 1))
layer_0.set_weights([np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25]), W_x_1.T, W_h_1.T, b_1])
layer_1 = keras.layers.SimpleRNN(1, return_state=True, zero_output_for_mask=True)
layer_1.build((None, None, 2))
layer_1.set_weights([np.float32([[1.0], [1.0]]), np.float32([[0.5]]), np.float32([0.25])])

output, *states_0 = layer_0(np.float32([[[1.0], [2.0]]]), mask=mask)
got = np.asarray(layer_1(output, mask=mask)[0])

# as the recurrence gives it in a wider type
expected = np.array([[0.9600514865719119]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.86e-07)
