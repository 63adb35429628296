"""In a float64 cell of one's own with softsign, the input of every step but the first is left out.

Clause OPT-5 of rnn-conformance: a cell gives what the layer gives."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras

class Cell(keras.layers.Layer):
    state_size = 1

    def build(self, shape):
        self.W_x, self.W_h, self.b = (self.add_weight(shape=s, initializer="ones") for s in ((1, 1), (1, 1), (1,)))

    def call(self, x, states):
        h = keras.ops.softsign(keras.ops.matmul(x, self.W_x) + keras.ops.matmul(states[0], self.W_h) + self.b)
        return h, [h]

layer = keras.layers.RNN(Cell(dtype="float64"), return_sequences=True, dtype="float64")
x = keras.ops.convert_to_tensor([[[-3.0], [-3.0]]], dtype="float64")
got = keras.ops.convert_to_numpy(layer(x)).ravel()
print("keras", keras.__version__, "\nexpected [-0.6666667, -0.7272727]\ngot     ", got.tolist())
assert abs(got - [-2 / 3, -8 / 11]).max() <= 51 * 2**-24
