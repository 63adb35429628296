"""A float64 bidirectional layer returns float32.

Clause SEQ-4 of rnn-conformance: outputs have the type of the weights."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

W_x_1, W_h_1, b_1 = np.array([[0.5]]), np.array([[1.0]]), np.array([0.5])

rnn = keras.layers.SimpleRNN(1, dtype="float64", return_sequences=True, return_state=True)
layer = keras.layers.Bidirectional(rnn, dtype="float64")
layer.build((None, None, 1))
layer.set_weights([np.array([[1.0]]), np.array([[0.5]]), np.array([0.25]), W_x_1.T, W_h_1.T, b_1])

got = keras.ops.convert_to_numpy(layer(np.array([[[1.0], [2.0]]]))[0])

# as the recurrence gives it in a wider type
expected = np.array([[[0.8482836399575129, 0.9566760367526149], [0.9905324156749821, 0.9051482536448664]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float64", f"expected float64; got {got.dtype}"
bound = np.array([[[1.49e-15, 1.53e-15], [1.37e-15, 1.46e-15]]])
assert got.shape == expected.shape and (abs(got - expected) <= bound).all()
