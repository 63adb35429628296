"""The backward direction of a bidirectional node has the activation of the forward one.

Clause ACT-13 of rnn-conformance: each cell has its own parameters."""

import numpy as np
import onnx
from onnx import parser, reference

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[1, 1, 1] X, float[2, 1, 1] W, float[2, 1, 1] R) => (float[2, 1, 1] Y_h) {
    , Y_h = RNN <activations = ["Affine", "Affine"], activation_alpha = [1.0, 2.0],
        activation_beta = [0.0, 0.0], direction = "bidirectional", hidden_size = 1> (X, W, R) }""")
one = np.ones((2, 1, 1), "float32")
(got,) = reference.ReferenceEvaluator(model).run(None, {"X": one[:1], "W": one, "R": one})
expected = np.array([[[1.0]], [[2.0]]])
print("onnx", onnx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
