"""The backward direction of a bidirectional node has the activation of the forward one.

Clause ACT-13 of rnn-conformance: each cell has its own parameters."""

import numpy as np
import onnx
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

x = np.array([[[1.0]]], "float32")
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_2, W_h_2, b_2 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X)
=> (float[1, batch, 1] Y_h_0, float[2, batch, 1] Y_h_1, float[time, 2, batch, 1] Y)
{
    Y_0, Y_h_0 = RNN <activation_alpha = [1.0], activation_beta = [0.0], activations = ["Affine"], hidden_size = 1> (X, W_0, R_0, B_0)
    X_1_turned = Transpose <perm = [0, 2, 1, 3]> (Y_0)
    X_1_shape = Constant <value = int64[3] {0, 0, 1}> ()
    X_1 = Reshape (X_1_turned, X_1_shape)
    Y, Y_h_1 = RNN <activation_alpha = [0.5, 1.5], activation_beta = [0.25, -0.5], activations = ["Affine", "Affine"], direction = "bidirectional", hidden_size = 1> (X_1, W_1, R_1, B_1)
}""")
weights = {
    "W_0": W_x_0[None], "R_0": W_h_0[None], "B_0": np.concatenate([b_0, np.zeros_like(b_0)])[None],
    "W_1": np.stack([W_x_1, W_x_2]), "R_1": np.stack([W_h_1, W_h_2]),
    "B_1": np.stack([np.concatenate([b_1, np.zeros_like(b_1)]), np.concatenate([b_2, np.zeros_like(b_2)])]),
}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = ReferenceEvaluator(model)

feeds = {"X": x.swapaxes(0, 1)}
got = session.run(None, feeds)[2].transpose(2, 0, 1, 3).reshape(1, 1, 2)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, phi):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = phi(x[:, t] @ W_x.T + h @ W_h.T + b)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0, lambda z: 1.0 * z + 0.0)
states_1, h_1 = rnn(states_0, np.zeros((1, 1)), W_x_1, W_h_1, b_1, lambda z: 0.5 * z + 0.25)
states_2, h_2 = rnn(states_0[:, ::-1], np.zeros((1, 1)), W_x_2, W_h_2, b_2, lambda z: 1.5 * z + -0.5)
expected = np.concatenate([states_1, states_2[:, ::-1]], axis=-1)
print("onnx", onnx.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=2.31e-06, equal_nan=True)
