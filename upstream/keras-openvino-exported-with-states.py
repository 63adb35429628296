"""A functional model of a list of inputs, such as a sequence and a state, cannot be exported: ValueError.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np
import openvino

x, h0 = np.float32([[[1.0]]]), np.float32([[0.5]])
x_in, h0_in = keras.Input((None, 1)), keras.Input((1,))
model = keras.Model([x_in, h0_in], keras.layers.SimpleRNN(1)(x_in, initial_state=[h0_in]))
expected = keras.ops.convert_to_numpy(model([x, h0]))
print("keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp() + "/model.xml"
model.export(path, format="openvino", verbose=False)
got = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x, h0])[0]
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=30 * 2**-24), got
