"""leaky_relu of a slope above 1 is the other side of itself: z below 0, and the slope times z above.

Clause ACT-8 of rnn-conformance: leaky relu."""

import os

os.environ["KERAS_BACKEND"] = "numpy"
import keras
import numpy as np

x, W_x, W_h, b = np.float32([[[1.0]]]), np.float32([[1.0]]), np.float32([[0.0]]), np.float32([0.0])

@keras.saving.register_keras_serializable()
def phi(z):
    return keras.activations.leaky_relu(z, negative_slope=2.0)

layer = keras.layers.SimpleRNN(1, activation=phi, return_sequences=True, return_state=True)
layer.build((None, None, 1))
layer.set_weights([W_x.T, W_h.T, b])

got = keras.ops.convert_to_numpy(layer(x)[0])

# as the recurrence gives it in a wider type
expected = np.array([[[1.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.19e-07)
