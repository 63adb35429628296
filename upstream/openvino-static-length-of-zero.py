"""The final state of a row of length 0 is zero, whatever its initial state.

Clause LEN-6 of rnn-conformance: a row of no steps keeps its state."""

import numpy as np
import openvino
from openvino import opset14 as ops

x, h0, lengths = np.float32([[[1.0]], [[2.0]]]), np.float32([[0.5], [0.25]]), np.array([1, 0])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

x_in, lengths_in = ops.parameter([2, 1, 1], np.float32), ops.parameter([2], np.int32)
h_in = ops.parameter([2, 1, 1], np.float32)
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model(rnn.outputs(), [x_in, lengths_in, h_in])
compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

got = list(compiled([x, np.int32(lengths), h0[:, None]]).values())[1].swapaxes(0, 1)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h = h0.astype("float64")
expected = np.where(lengths[:, None] > 0, np.tanh(x[:, 0].astype("float64") @ W_x.T + h @ W_h.T + b), h)[None]
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.80e-07)
