"""After an infinite softplus, states are infinite or NaN.

Clause ACT-14 of rnn-conformance: activations of numbers of any size."""

import numpy as np
import onnxruntime
from onnx import parser

x = np.float32([[[1.3785362e-12], [43237.637], [1e-45], [12.0], [8.25], [24.0]]])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.0}, float[1, 2] B_0 = {0.0, 0.0}> {
    Y, Y_h_0 = RNN <activations = ["Softplus"], hidden_size = 1> (X, W_0, R_0, B_0) }""")
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

got = session.run(None, {"X": x.swapaxes(0, 1)})[1][:, 0].swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([
    0.6931471805606346, 43237.63671875, 0.6931471805599453, 12.000006144193478, 8.250261224435228,
    24.00000000003775
]).reshape((1, 6, 1))
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=4.14e-02)
