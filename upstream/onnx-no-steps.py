"""The final states of a sequence of no steps are zero, whatever the initial states.

Clause EDG-2 of rnn-conformance: a sequence of no steps."""

import numpy as np
import onnxruntime
from onnx import parser

x, h0 = np.zeros((1, 0, 1), "float32"), np.float32([[0.5]])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, float[1, batch, 1] initial_h_0)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.5}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <activation_alpha = [0.00999999978], activations = ["LeakyRelu"], hidden_size = 1> (X,
        W_0, R_0, B_0, , initial_h_0) }""")
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

got = session.run(None, {"X": x.swapaxes(0, 1), "initial_h_0": h0[None]})[0]

# as the recurrence gives it in a wider type
expected = np.array([[[0.5]]])
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0)
