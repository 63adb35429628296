"""sequence_lens is ignored: every row takes all steps.

Clause NUM-6 of rnn-conformance: final states of longer sequences are within the sharper bound."""

import numpy as np
import onnx
from onnx import parser, reference

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]]]), np.array([2, 1])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, int32[batch] sequence_lens)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.5}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0, sequence_lens) }""")
session = reference.ReferenceEvaluator(model)

got = session.run(None, {"X": x.swapaxes(0, 1), "sequence_lens": np.int32(lengths)})[1][:, 0].swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([[[0.8482836399575129], [0.9905324156749822]], [[0.8482836399575129], [0.0]]])
print("onnx", onnx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07)
