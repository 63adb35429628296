"""Final states of a float16 layer of Affine are float32.

Clause ACT-10 of rnn-conformance: affine."""

import numpy as np
import onnx
from onnx import parser, reference

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float16[1, 1, 1] X, float16[1, 1, 1] W, float16[1, 1, 1] R) => (float16[1, 1, 1] Y, float16[1, 1, 1] Y_h) {
    Y, Y_h = RNN <hidden_size = 1, activations = ["Affine"], activation_alpha = [0.5], activation_beta = [0.25]> (X, W, R) }""")
one = np.ones((1, 1, 1), "float16")
got = [output.dtype for output in reference.ReferenceEvaluator(model).run(None, dict.fromkeys("XWR", one))]
print("onnx", onnx.__version__, "\nexpected float16 of both\ngot     ", *got)
assert got == ["float16", "float16"], got
