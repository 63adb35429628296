"""save_model rounds weights to float16.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import tempfile

import numpy as np
import openvino
from openvino import opset14 as ops

x, W_x, W_h, b = np.float32([[[1.0, 1.0]]]), np.float32([[0.1, 0.1]]), np.float32([[0.5]]), np.float32([0.25])

x_in, lengths_in = ops.parameter([-1, -1, 2], np.float32), ops.parameter([-1], np.int32)
h_in = ops.parameter([-1, 1, 1], np.float32)
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
path = tempfile.mkdtemp() + "/model.xml"
openvino.save_model(openvino.Model(rnn.outputs(), [x_in, lengths_in, h_in]), path)
compiled = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

got = list(compiled([x, np.int32([1]), np.zeros((1, 1, 1), np.float32)]).values())[0][:, 0]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("float64") @ W_x.T + b)[:, None]
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.30e-07)
