"""sequence_lens is ignored: every row takes all steps.

Clause NUM-6 of rnn-conformance: final states of longer sequences are within the sharper bound."""

import numpy as np
import onnx
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]]]), np.int64([2, 1])
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

feeds = {"X": x.swapaxes(0, 1), "sequence_lens": lengths.astype("int32")}
got = session.run(None, feeds)[1][:, 0].swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h, states = np.zeros((2, 1), "float64"), []
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(np.where(valid[:, t, None], h, 0))
expected = np.stack(states, axis=1)
print("onnx", onnx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
