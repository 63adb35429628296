"""The final state of a row of length 0 is zero, whatever its initial state.

Clause LEN-6 of rnn-conformance: a row of no steps keeps its state."""

import numpy as np
import onnxruntime
from onnx import numpy_helper, parser

x, h0, lengths = np.float32([[[1.0]], [[2.0]]]), np.float32([[0.5], [0.25]]), np.int64([1, 0])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, int32[batch] sequence_lens, float[1, batch, 1] initial_h_0)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
{
    Y, Y_h_0 = RNN <activation_alpha = [0.00999999978], activations = ["LeakyRelu"], hidden_size = 1> (X, W_0, R_0, B_0, sequence_lens, initial_h_0)
}""")
weights = {"W_0": W_x[None], "R_0": W_h[None], "B_0": np.concatenate([b, np.zeros_like(b)])[None]}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

feeds = {"X": x.swapaxes(0, 1), "sequence_lens": lengths.astype("int32"), "initial_h_0": h0[None]}
got = session.run(None, feeds)[0]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h = h0.astype("float64")
z = x[:, 0].astype("float64") @ W_x.T + h @ W_h.T + b
expected = np.where(valid[:, :1], np.where(z > 0, z, 0.01 * z), h)[None]
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=6.26e-07, equal_nan=True)
