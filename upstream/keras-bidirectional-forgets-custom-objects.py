"""Bidirectional.from_config raises TypeError for a layer of a user's class that is given as one of its
custom_objects.

Clause CFG-1 of rnn-conformance: a layer made anew from its configuration computes the same."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

x = np.array([[[1.0]]], "float32")
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0)
states_1, h_1 = rnn(x[:, ::-1], np.zeros((1, 1)), W_x_1, W_h_1, b_1)
expected = np.concatenate([states_0, states_1[:, ::-1]], axis=-1)
print("keras", keras.__version__)
print("expected", expected.tolist())

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

with keras.saving.custom_object_scope({"OwnCell": OwnCell}):
    layer = keras.layers.Bidirectional(keras.layers.RNN(OwnCell(1), return_sequences=True, return_state=True))
layer = type(layer).from_config(layer.get_config(), custom_objects={"OwnCell": OwnCell})
layer.build((None, None, 1))
layer.set_weights([W_x_0.T, W_h_0.T, b_0, W_x_1.T, W_h_1.T, b_1])

output, *states = layer(x)
got = keras.ops.convert_to_numpy(output)
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 7.99e-07)
close = np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
