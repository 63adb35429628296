"""A model whose input may be of any length takes only its first step once it is exported to OpenVINO's form.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "openvino"
import keras
import numpy as np
import openvino

x = np.float32([[[1.0], [2.0]]])
model = keras.Sequential([keras.Input((None, 1)), keras.layers.SimpleRNN(1, return_sequences=True)])
expected = keras.ops.convert_to_numpy(model(x))
print("keras", keras.__version__, "\nexpected", expected.tolist())

path = tempfile.mkdtemp() + "/model.xml"
model.export(path, format="openvino", verbose=False)
got = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x])[0]
print("got     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=72 * 2**-24)
