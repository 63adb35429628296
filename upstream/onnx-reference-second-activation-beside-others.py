"""As onnx-reference-second-activation, where the two directions have other parameters of one activation.

Clause OPT-1 of rnn-conformance: options act together as each does alone."""

import numpy as np
import onnx
from onnx import parser, reference

x = np.float32([[[1.0]]])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X) => (float[2, batch, 1] Y_h_0, float[time, 2, batch, 1] Y)
<float[2, 1, 1] W_0 = {1.0, 1.0}, float[2, 1, 1] R_0 = {0.5, 0.5}, float[2, 2] B_0 = {0.25, 0.0, 0.25, 0.0}> {
    Y, Y_h_0 = RNN <activation_alpha = [1.0, 0.5], activation_beta = [0.0, 0.25], activations = ["Affine",
        "Affine"], direction = "bidirectional", hidden_size = 1> (X, W_0, R_0, B_0) }""")
session = reference.ReferenceEvaluator(model)

got = session.run(None, {"X": x.swapaxes(0, 1)})[1].transpose(2, 0, 1, 3).reshape(1, 1, 2)

# as the recurrence gives it in a wider type
expected = np.array([[[1.25, 0.875]]])
print("onnx", onnx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=6.71e-07)
