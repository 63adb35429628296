"""Converted from ONNX, a bidirectional node computes both directions with the activation of the forward one.

Clause OPT-6 of rnn-conformance: compiling changes nothing."""

import numpy as np
import openvino
from onnx import numpy_helper, parser

x = np.array([[[1.0]]], "float32")
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[1, 1, 1] X)
=> (float[2, 1, 1] Y_h_0, float[1, 2, 1, 1] Y)
{
    Y, Y_h_0 = RNN <activations = ["Tanh", "Relu"], direction = "bidirectional", hidden_size = 1> (X, W_0, R_0, B_0)
}""")
weights = {
    "W_0": np.stack([W_x_0, W_x_1]), "R_0": np.stack([W_h_0, W_h_1]),
    "B_0": np.stack([np.concatenate([b_0, np.zeros_like(b_0)]), np.concatenate([b_1, np.zeros_like(b_1)])]),
}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
core = openvino.Core()
model = core.read_model(model.SerializeToString())
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

feeds = {"X": x.swapaxes(0, 1)}
got = list(compiled(feeds).values())[1].transpose(2, 0, 1, 3).reshape(1, 1, 2)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, phi):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = phi(x[:, t] @ W_x.T + h @ W_h.T + b)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, b_0, lambda z: np.tanh(z))
states_1, h_1 = rnn(x[:, ::-1], np.zeros((1, 1)), W_x_1, W_h_1, b_1, lambda z: np.maximum(z, 0))
expected = np.concatenate([states_0, states_1[:, ::-1]], axis=-1)
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
