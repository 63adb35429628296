"""Numbers are rounded to bfloat16 toward zero wherever the last bit that is kept is zero: 1.00586 to 1, not to
1.00781.

Clause DTY-2 of rnn-conformance: a step rounds each product and sum once."""

import os

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np

x, h0 = np.float32([[[-0.050537109375]]]), np.float32([[1.0234375, -0.326171875, -0.609375, 0.158203125]])
W_h = np.array([
    0.21875, -0.96875, -0.0439453125, 0.2431640625, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
], "float32").reshape((4, 4))

options = {"return_sequences": True, "return_state": True}
layer = keras.layers.SimpleRNN(4, dtype="bfloat16", use_bias=False, recurrent_initializer="zeros", **options)
layer.build((None, None, 1))
layer.set_weights([np.float32([[0.7109375, 0.0, 0.0, 0.0]]), W_h.T])

got = keras.ops.convert_to_numpy(layer(x, initial_state=[h0])[0]).astype("float32")

# as the recurrence gives it in a wider type
expected = np.array([[[0.5147536658376033, 0.0, 0.0, 0.0]]])
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=5.75e-03)
