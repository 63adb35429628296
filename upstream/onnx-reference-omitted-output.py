"""Where a node leaves out an output, a later node that leaves out an input is given that output in its place.

Clause SEQ-2 of rnn-conformance: last output is batch features."""

import numpy as np
import onnx
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

x, h0_0, h0_1 = np.float32([[[1.0]]]), np.float32([[0.5]]), np.float32([[0.25]])
W_x_0, W_h_0 = np.float32([[1.0]]), np.float32([[0.5]])
W_x_1, W_h_1 = np.float32([[1.0]]), np.float32([[0.5]])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b)
        states.append(h)
    return np.stack(states, axis=1), h

states_0, h_0 = rnn(x, h0_0, W_x_0, W_h_0, 0)
states_1, h_1 = rnn(x[:, ::-1], h0_1, W_x_1, W_h_1, 0)
expected = np.concatenate([h_0, h_1], axis=-1)
print("onnx", onnx.__version__, "\nexpected", expected.tolist())

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, float[2, batch, 1] initial_h_0)
=> (float[2, batch, 1] Y_h_0)
{
    h0_0_forward, h0_0_backward = Split <axis = 0, num_outputs = 2> (initial_h_0)
    , Y_h_0_0_forward = RNN <hidden_size = 1> (X, W_0_forward, R_0_forward, , , h0_0_forward)
    , Y_h_0_0_backward = RNN <direction = "reverse", hidden_size = 1> (X, W_0_backward, R_0_backward, , , h0_0_backward)
    Y_h_0 = Concat <axis = 0> (Y_h_0_0_forward, Y_h_0_0_backward)
}""")
weights = {
    "W_0_forward": W_x_0[None], "R_0_forward": W_h_0[None], "W_0_backward": W_x_1[None],
    "R_0_backward": W_h_1[None],
}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = ReferenceEvaluator(model)

feeds = {"X": x.swapaxes(0, 1), "initial_h_0": np.stack([h0_0, h0_1])}
got = session.run(None, feeds)[0].swapaxes(0, 1).reshape(1, 2)
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.85e-07, equal_nan=True)
