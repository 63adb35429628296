"""Surplus initial states are ignored.

Clause ERR-4 of rnn-conformance: wrong number of initial states is an error."""

import numpy as np
import onnx
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

x = np.array([[[1.0]], [[1.0]], [[1.0]]], "float32")
h0_0, h0_1 = np.float32([[0.5], [0.5], [0.5]]), np.float32([[0.5], [0.5], [0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, float[1, batch, 1] initial_h_0)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
{
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0, , initial_h_0)
}""")
weights = {"W_0": W_x[None], "R_0": W_h[None], "B_0": np.concatenate([b, np.zeros_like(b)])[None]}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = ReferenceEvaluator(model)

print("onnx", onnx.__version__)
try:
    feeds = {"X": x.swapaxes(0, 1), "initial_h_0": np.stack([h0_0, h0_1])}
    got = session.run(None, feeds)[1][:, 0].swapaxes(0, 1)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
