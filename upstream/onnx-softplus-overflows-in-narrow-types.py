"""As onnx-softplus-overflows, in float16 and bfloat16, too.

Clause ACT-16 of rnn-conformance: narrow types reach the limits of activations."""

import numpy as np
import onnxruntime
from onnx import numpy_helper, parser

x = np.float16([[[1.638e+04]], [[0.03125]], [[2.062]]])
W_x, W_h, b = np.float16([[1.0]]), np.float16([[0.0]]), np.float16([0.0])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float16[time, batch, 1] X) => (float16[1, batch, 1] Y_h_0, float16[time, 1, batch, 1] Y)
{
    Y, Y_h_0 = RNN <activations = ["Softplus"], hidden_size = 1> (X, W_0, R_0, B_0) }""")
weights = {"W_0": W_x[None], "R_0": W_h[None], "B_0": np.concatenate([b, np.zeros_like(b)])[None]}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

got = session.run(None, {"X": x.swapaxes(0, 1)})[1][:, 0].swapaxes(0, 1).astype("float32")

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.logaddexp(x[:, 0].astype("float64") @ W_x.T, 0)[:, None]
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=6.41e+01)
