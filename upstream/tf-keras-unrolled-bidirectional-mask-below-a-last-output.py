"""As tf-keras-unrolled-bidirectional-mask, where the last output of a stack is asked for: its lower layers
return sequences.

Clause OPT-2 of rnn-conformance: unrolling changes nothing."""

import numpy as np
import tf_keras as keras

x, mask = np.float32([[[1.0], [2.0]]]), np.bool([[True, False]])
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])
W_x_2, W_h_2, b_2 = np.float32([[1.0, 0.5]]), np.float32([[0.5]]), np.float32([0.25])
W_x_3, W_h_3, b_3 = np.float32([[0.5, 1.0]]), np.float32([[1.0]]), np.float32([0.5])

layer_0 = keras.layers.Bidirectional(
    keras.layers.SimpleRNN(1, return_sequences=True, return_state=True, unroll=True),
)
layer_0.build((None, None, 1))
layer_0.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])
layer_1 = keras.layers.Bidirectional(keras.layers.SimpleRNN(1, return_state=True, unroll=True))
layer_1.build((None, None, 2))
layer_1.set_weights([W_x_2.T, W_h_2.T, b_2, W_x_3.T, W_h_3.T, b_3])

output, *states_0 = layer_0(x, mask=mask)
got = np.asarray(layer_1(output, mask=mask)[0])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, valid):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.where(valid[:, t, None], np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b), h)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0, mask)
states_1, h_1 = rnn(x[:, ::-1], np.zeros((1, 1)), W_x_1, W_h_1, b_1, mask[:, ::-1])
y = np.concatenate([states_0, states_1[:, ::-1]], axis=-1)
states_2, h_2 = rnn(y, np.zeros((1, 1)), W_x_2, W_h_2, b_2, mask)
states_3, h_3 = rnn(y[:, ::-1], np.zeros((1, 1)), W_x_3, W_h_3, b_3, mask[:, ::-1])
expected = np.concatenate([h_2, h_3], axis=-1)
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.03e-06, equal_nan=True)
