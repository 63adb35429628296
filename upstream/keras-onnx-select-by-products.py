"""In a model that was exported to ONNX, an infinite input or NaN at a masked time step makes all later
outputs NaN.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import onnxruntime

x, mask = np.float32([[[1.0], [np.nan], [0.5]]]), np.array([[True, False, True]])
x_in, mask_in = keras.Input((None, 1), name="x"), keras.Input((None,), dtype="bool", name="mask")
model = keras.Model([x_in, mask_in], keras.layers.SimpleRNN(1)(x_in, mask=mask_in))
expected, path = np.asarray(model([x, mask])), tempfile.mkdtemp() + "/model.onnx"
model.export(path, format="onnx", verbose=False)
got = onnxruntime.InferenceSession(path).run(None, {"x": x, "mask": mask})[0]
print("keras", keras.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=54 * 2**-24)
