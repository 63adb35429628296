"""Surplus initial states are ignored.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import numpy as np
import onnx
from onnx import parser, reference

x = np.float32([[[1.0]], [[1.0]], [[1.0]]])
h0_0, h0_1 = np.float32([[0.5], [0.5], [0.5]]), np.float32([[0.5], [0.5], [0.5]])

session = reference.ReferenceEvaluator(parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, float[1, batch, 1] initial_h_0)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.5}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0, , initial_h_0) }"""))

try:
    got = session.run(None, {"X": x.swapaxes(0, 1), "initial_h_0": np.stack([h0_0, h0_1])})[0]
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of onnx {onnx.__version__}")
