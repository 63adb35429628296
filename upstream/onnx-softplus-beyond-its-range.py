"""After an infinite softplus, states are infinite or NaN.

Clause ACT-14 of rnn-conformance: activations of numbers of any size."""

import numpy as np
import onnxruntime
from onnx import parser

x = np.float32([[[1.3785362e-12], [3.25], [1e-45], [4.5], [1.3561436e+21], [1.3125]]])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.0}, float[1, 2] B_0 = {0.0, 0.0}> {
    Y, Y_h_0 = RNN <activations = ["Softplus"], hidden_size = 1> (X, W_0, R_0, B_0) }""")
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

got = session.run(None, {"X": x.swapaxes(0, 1)})[1][:, 0].swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([
    0.6931471805606346, 3.288041371687783, 0.6931471805599453, 4.511047744848594, 1.3561436230421735e+21,
    1.5508445081104412
]).reshape((1, 6, 1))
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.30e+15)
