"""Where a node leaves out an output, a later node that leaves out an input is given that output in its place.

Clause OPT-1 of rnn-conformance: options act together as each does alone."""

import numpy as np
import onnx
from onnx import parser, reference

one = np.ones((1, 1, 1), "float32")
expected = np.tanh(one)  # X W, as the second node has it
print("onnx", onnx.__version__, "\nexpected", expected.tolist())

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[1, 1, 1] X, float[1, 1, 1] W, float[1, 1, 1] R, int32[1] L) => (float[1, 1, 1] Y_h) {
    , Z_h = RNN <hidden_size = 1> (X, W, R)
    , Y_h = RNN <hidden_size = 1> (X, W, R, , L) }""")
(got,) = reference.ReferenceEvaluator(model).run(None, {"X": one, "W": one, "R": one, "L": np.int32([1])})
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=16 * 2**-24), got
