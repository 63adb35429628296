"""A functional model that takes a sequence and a mask in a list cannot be exported: ValueError.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np
import openvino

x, mask = np.float32([[[1.0]]]), np.array([[True]])
x_in, mask_in = keras.Input((None, 1)), keras.Input((None,), dtype="bool")
model = keras.Model([x_in, mask_in], keras.layers.SimpleRNN(1)(x_in, mask=mask_in))
expected = keras.ops.convert_to_numpy(model([x, mask]))
print("keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp() + "/model.xml"
model.export(path, format="openvino", verbose=False)
got = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x, mask])[0]
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=27 * 2**-24), got
