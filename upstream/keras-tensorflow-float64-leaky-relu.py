"""leaky_relu of float64 has the slope of float32: 0.01 is wrong by 2e-10.

Clause NUM-10 of rnn-conformance: everything of float64 is computed in float64."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

W_x, W_h, b = np.array([[1.0]]), np.array([[0.0]]), np.array([0.0])

@keras.saving.register_keras_serializable()
def phi(z):
    return keras.activations.leaky_relu(z, negative_slope=0.01)

layer = keras.layers.SimpleRNN(1, dtype="float64", activation=phi, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(np.array([[[-1.0]]]), initial_state=[np.array([[0.5]])])[0])

# as the recurrence gives it in a wider type
expected = np.array([[[-0.01]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.78e-18)
