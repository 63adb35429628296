"""The final states of a sequence of no steps are zero, whatever the initial states.

Clause EDG-2 of rnn-conformance: a sequence of no steps."""

import numpy as np
import onnxruntime
from onnx import numpy_helper, parser

x = np.zeros((1, 0, 1), "float32")
h0 = np.array([[0.5]], "float32")
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
outputs = session.run(None, feeds)
got = outputs[0]

# as the recurrence gives it in a wider type
expected = np.array([[[0.5]]])
print("onnxruntime", onnxruntime.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 0)
close = np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
