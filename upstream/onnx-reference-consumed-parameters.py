"""A node of two directions of which one only has an activation with parameters is refused.

Clause LAW-11 of rnn-conformance: a call leaves global state alone."""

import numpy as np
import onnx
from onnx import parser, reference

x, W_x_0, b_0 = np.float32([[[1.0]]]), np.float32([[1.0]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h_0 = np.tanh(x[:, 0].astype("float64") @ W_x_0.T + b_0)
z = x[:, 0].astype("float64") @ np.float32([[1.0]]) + np.float32([0.25])
expected = np.concatenate([h_0, 1.0 * z + 0.0], axis=-1)[:, None]
print("onnx", onnx.__version__, "\nexpected", expected.tolist())

session = reference.ReferenceEvaluator(parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X) => (float[2, batch, 1] Y_h_0, float[time, 2, batch, 1] Y)
<float[2, 1, 1] W_0 = {1.0, 1.0}, float[2, 1, 1] R_0 = {0.5, 0.5}, float[2, 2] B_0 = {0.25, 0.0, 0.25, 0.0}> {
    Y, Y_h_0 = RNN <activation_alpha = [1.0], activation_beta = [0.0], activations = ["Tanh", "Affine"],
        direction = "bidirectional", hidden_size = 1> (X, W_0, R_0, B_0) }"""))

got = session.run(None, {"X": x.swapaxes(0, 1)})[1].transpose(2, 0, 1, 3).reshape(1, 1, 2)
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07), got.tolist()
