"""Input and states of any type are taken, complex ones too, and the outputs are of the type of the input.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import numpy as np
import onnx
from onnx import parser, reference

x, h0 = np.array([[[1.0]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, float[1, batch, 1] initial_h_0)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
<float[1, 1, 1] W_0 = {1.0}, float[1, 1, 1] R_0 = {0.5}, float[1, 2] B_0 = {0.25, 0.0}> {
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0, , initial_h_0) }""")

got = reference.ReferenceEvaluator(model).run(None, {"X": x, "initial_h_0": h0[None]})[1][:, 0]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0] @ W_x.T + h0.astype("float64") @ W_h.T + b)[:, None]
print("onnx", onnx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "float32", f"expected float32; got {got.dtype}"
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07)
