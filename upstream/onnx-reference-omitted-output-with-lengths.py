"""As onnx-reference-omitted-output, without initial states and with lengths: the bias is left out before them.

Clause OPT-1 of rnn-conformance: options act together as each does alone."""

import numpy as np
import onnx
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

x, lengths = np.float32([[[1.0]]]), np.int64([1])
W_x_0, W_h_0 = np.float32([[1.0]]), np.float32([[0.5]])
W_x_1, W_h_1 = np.float32([[1.0]]), np.float32([[0.5]])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, valid):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        h = np.where(valid[:, t, None], np.tanh(x[:, t] @ W_x.T + h @ W_h.T + b), h)
        states.append(h)
    return np.stack(states, axis=1), h

valid = np.arange(x.shape[1]) < lengths[:, None]
states_0, h_0 = rnn(x, np.zeros((1, 1)), W_x_0, W_h_0, 0, valid)
states_1, h_1 = rnn(x[:, ::-1], np.zeros((1, 1)), W_x_1, W_h_1, 0, valid[:, ::-1])
expected = np.concatenate([h_0, h_1], axis=-1)
print("onnx", onnx.__version__, "\nexpected", expected.tolist())

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X, int32[batch] sequence_lens)
=> (float[2, batch, 1] Y_h_0)
{
    , Y_h_0_0_forward = RNN <hidden_size = 1> (X, W_0_forward, R_0_forward, , sequence_lens)
    , Y_h_0_0_backward = RNN <direction = "reverse", hidden_size = 1> (X, W_0_backward, R_0_backward, , sequence_lens)
    Y_h_0 = Concat <axis = 0> (Y_h_0_0_forward, Y_h_0_0_backward)
}""")
weights = {
    "W_0_forward": W_x_0[None], "R_0_forward": W_h_0[None], "W_0_backward": W_x_1[None],
    "R_0_backward": W_h_1[None],
}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = ReferenceEvaluator(model)

feeds = {"X": x.swapaxes(0, 1), "sequence_lens": lengths.astype("int32")}
got = session.run(None, feeds)[0].swapaxes(0, 1).reshape(1, 2)
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.94e-07, equal_nan=True)
