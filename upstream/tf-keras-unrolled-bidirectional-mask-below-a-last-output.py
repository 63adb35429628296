"""As tf-keras-unrolled-bidirectional-mask, where the last output of a stack is asked for: its lower layers
return sequences.

Clause OPT-2 of rnn-conformance: unrolling changes nothing."""

import numpy as np
import tf_keras as keras

x, mask = np.float32([[[1.0], [2.0]]]), np.array([[True, False]])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])
W_x_2, W_h_2, b_2 = np.float32([[1.0, 0.5]]), np.float32([[0.5]]), np.float32([0.25])
W_x_3, W_h_3, b_3 = np.float32([[0.5, 1.0]]), np.float32([[1.0]]), np.float32([0.5])

rnn_0 = keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, unroll=True)
layer_0 = keras.layers.Bidirectional(rnn_0)
layer_0.build((None, None, 1))
layer_0.set_weights([np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25]), W_x_1.T, W_h_1.T, b_1])
layer_1 = keras.layers.Bidirectional(keras.layers.SimpleRNN(1, return_state=True, unroll=True))
layer_1.build((None, None, 2))
layer_1.set_weights([W_x_2.T, W_h_2.T, b_2, W_x_3.T, W_h_3.T, b_3])

output, *states_0 = layer_0(x, mask=mask)
got = np.asarray(layer_1(output, mask=mask)[0])

# as the recurrence gives it in a wider type
expected = np.array([[0.9012956125120581, 0.9336019373268765]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.03e-06)
