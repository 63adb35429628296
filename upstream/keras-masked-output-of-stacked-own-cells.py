"""At masked steps, RNN of a list of cells whose top one gives its state_size as a number shows the state of
the first row in all rows.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x, mask = np.float32([[[1.0], [2.0]], [[0.5], [1.0]]]), np.bool([[True, True], [True, False]])
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[0.5]]), np.float32([[1.0]]), np.float32([0.5])

@keras.saving.register_keras_serializable()
class OwnCell(keras.layers.Layer):
    def __init__(self, units, activation="tanh", use_bias=True, listed=False, **kwargs):
        kwargs.pop("recurrent_initializer", None)
        super().__init__(**kwargs)
        self.units, self.use_bias, self.listed = units, use_bias, listed
        self.activation = keras.activations.get(activation)
        self.state_size = [units] if listed else units

    def build(self, shape):
        units = self.units
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], units))
        self.recurrent_kernel = self.add_weight(name="recurrent_kernel", shape=(units, units))
        self.bias = self.add_weight(name="bias", shape=(units,)) if self.use_bias else None

    def call(self, inputs, states):
        z = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(states[0], self.recurrent_kernel)
        output = self.activation(z if self.bias is None else z + self.bias)
        return output, [output]

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        own = {"units": self.units, "use_bias": self.use_bias, "listed": self.listed}
        return super().get_config() | own | {"activation": activation}

cells = [OwnCell(1, listed=True), OwnCell(1)]
layer = keras.layers.RNN(cells, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

output, *states = jax.jit(layer)(x, mask=mask)
states = keras.tree.flatten(states)
got = keras.ops.convert_to_numpy(output)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, valid):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.where(valid[:, t, None], np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b), h)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((2, 1)), W_x_0, W_h_0, b_0, mask)
states_1, h_1 = rnn(states_0, np.zeros((2, 1)), W_x_1, W_h_1, b_1, mask)
expected = states_1
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.05e-06, equal_nan=True)
