"""With check_shape_annotations, a wrong number of lengths is refused, and lengths below 0 and above T are
taken.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import onnx
from onnx import parser, reference

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([2, 1, 3])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, int32[batch] sequence_lens)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.5}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0, sequence_lens) }""")
session = reference.ReferenceEvaluator(model, check_shape_annotations=True)

try:
    got = session.run(None, {"X": x.swapaxes(0, 1), "sequence_lens": np.int32(lengths)})[0]
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of onnx {onnx.__version__}")
