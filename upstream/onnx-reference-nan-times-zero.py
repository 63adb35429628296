"""In a batch of two or more, a weight of 0 that is alone in its matrix makes 0 of NaN.

Clause NAN-1 of rnn-conformance: nan stays nan."""

import numpy as np
import onnx
from onnx import parser, reference

x = np.float32([[[np.nan]], [[2.0]]])
W_x, b = np.float32([[0.0]]), np.float32([0.25])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X) => (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {0.0}, float[1, 1, 1] R_0 = {0.0}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0) }""")
session = reference.ReferenceEvaluator(model)

got = session.run(None, {"X": x.swapaxes(0, 1)})[1][:, 0].swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("onnx", onnx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.75e-07, equal_nan=True)
