"""Impossible lengths, and a wrong number of them, are taken.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import onnx
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.int64([2, 1, 2, 2])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, int32[batch] sequence_lens)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
{
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0, sequence_lens)
}""")
weights = {"W_0": W_x[None], "R_0": W_h[None], "B_0": np.concatenate([b, np.zeros_like(b)])[None]}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = ReferenceEvaluator(model)

print("onnx", onnx.__version__)
try:
    feeds = {"X": x.swapaxes(0, 1), "sequence_lens": lengths.astype("int32")}
    got = session.run(None, feeds)[1][:, 0].swapaxes(0, 1)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
