"""The final state of a row of length 0 is zero, whatever its initial state.

Clause LEN-6 of rnn-conformance: a row of no steps keeps its state."""

import numpy as np
import onnxruntime
from onnx import parser

x, h0, lengths = np.float32([[[1.0]], [[2.0]]]), np.float32([[0.5], [0.25]]), np.array([1, 0])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, int32[batch] sequence_lens, float[1, batch, 1] initial_h_0)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.5}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0, sequence_lens, initial_h_0) }""")
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

feeds = {"X": x.swapaxes(0, 1), "sequence_lens": np.int32(lengths), "initial_h_0": h0[None]}
got = session.run(None, feeds)[0]

# as the recurrence gives it in a wider type
expected = np.array([[[0.9051482536448665], [0.25]]])
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07)
