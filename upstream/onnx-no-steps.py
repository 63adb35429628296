"""The final states of a sequence of no steps are zero, whatever the initial states.

Clause EDG-2 of rnn-conformance: a sequence of no steps."""

import numpy as np
import onnxruntime
from onnx import numpy_helper, parser

x, h0 = np.zeros((1, 0, 1), "float32"), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, float[1, batch, 1] initial_h_0)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
{
    Y, Y_h_0 = RNN <activation_alpha = [0.00999999978], activations = ["LeakyRelu"], hidden_size = 1> (X, W_0, R_0, B_0, , initial_h_0)
}""")
weights = {"W_0": W_x[None], "R_0": W_h[None], "B_0": np.concatenate([b, np.zeros_like(b)])[None]}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

feeds = {"X": x.swapaxes(0, 1), "initial_h_0": h0[None]}
got = session.run(None, feeds)[0]

# as the recurrence gives it in a wider type
expected = np.array([[[0.5]]])
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
