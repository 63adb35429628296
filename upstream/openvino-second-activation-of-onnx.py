"""Converted from ONNX, a bidirectional node computes both directions with the activation of the forward one.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import numpy as np
import openvino
from onnx import parser

x = np.float32([[[1.0]]])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[1, 1, 1] X) => (float[2, 1, 1] Y_h_0, float[1, 2, 1, 1] Y)
<float[2, 1, 1] W_0 = {1.0, 1.0}, float[2, 1, 1] R_0 = {0.5, 0.5}, float[2, 2] B_0 = {0.25, 0.0, 0.25, 0.0}> {
    Y, Y_h_0 = RNN <activations = ["Tanh", "Relu"], direction = "bidirectional", hidden_size = 1> (X, W_0,
        R_0, B_0) }""")
model = openvino.Core().read_model(model.SerializeToString())
compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

got = list(compiled({"X": x.swapaxes(0, 1)}).values())[1].transpose(2, 0, 1, 3).reshape(1, 1, 2)

# as the recurrence gives it in a wider type
expected = np.array([[[0.8482836399575129, 1.25]]])
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07)
