"""As keras-jax-gpu-products-in-float16, in mixed precision.

Clause DTY-6 of rnn-conformance: mixed precision rounds weights and input first."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np

x = np.float32([[[-0.77349126, 0.7734375], [-0.81745136, 0.8173828], [-0.5388355, 0.5390625]]])
h0 = np.float32([[0.5, -0.75, 1.25, 0.375]])
W_x = np.array([
    1.3823367, 1.3828125, -1.169827, -3.1276338, 2.586812, 2.6522534, -3.2729208, 2.926609
], "float32").reshape((4, 2))
W_h = np.array([
    0.0, -0.0, -0.0, 0.0, 0.0, 0.0, -0.0, -0.0, 0.0, -0.0, 0.0, 0.0, -0.0, 0.0, 0.0, 0.0
], "float32").reshape((4, 4))

keras.device("gpu:0").__enter__()  # for all that follows
layer = keras.layers.SimpleRNN(4, dtype="mixed_float16", return_sequences=True, return_state=True)
layer.build((None, None, 2))
layer.set_weights([W_x.T, W_h.T, np.float32([0.0, -0.0, -0.0, 0.0])])

got = keras.ops.convert_to_numpy(jax.jit(layer)(x, initial_state=[h0])[0]).astype("float32")

# as the recurrence gives it in a wider type
expected = np.array([
    0.0, -0.9075831220467367, 0.0513159687440738, 0.9998631106702114, 0.0, -0.921614905089204,
    0.05422608340041805, 0.9999206119121963, 0.0, -0.7837280686670597, 0.035781836428684446,
    0.9975004288491748
]).reshape((1, 3, 4))
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
bound = np.array([
    1.98e-06, 0.000837, 0.000104, 0.000491, 2.04e-06, 0.000809, 0.000109, 0.000493, 1.67e-06, 0.000982,
    7.26e-05, 0.000515
]).reshape((1, 3, 4))
assert got.shape == expected.shape and (abs(got - expected) <= bound).all()
