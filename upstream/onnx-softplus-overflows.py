"""softplus is infinite from z = 89 on.

Clause ACT-4 of rnn-conformance: softplus."""

import numpy as np
import onnxruntime
from onnx import parser

x = np.float32([[[100.0]]])
W_x, b = np.float32([[1.0]]), np.float32([0.25])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.5}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <activations = ["Softplus"], hidden_size = 1> (X, W_0, R_0, B_0) }""")
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

got = session.run(None, {"X": x})[1][:, 0]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.logaddexp(x[:, 0].astype("float64") @ W_x.T + b, 0)[:, None]
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=9.61e-05)
