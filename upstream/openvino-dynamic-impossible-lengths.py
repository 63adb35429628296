"""In a model of dynamic shapes, lengths below 0 and above T are taken.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import openvino
from openvino import opset14 as ops

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([2, 1, 3])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

x_in, lengths_in = ops.parameter([-1, -1, 1], np.float32), ops.parameter([-1], np.int32)
h_in = ops.parameter([-1, 1, 1], np.float32)
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model(rnn.outputs(), [x_in, lengths_in, h_in])
compiled = openvino.compile_model(model, "CPU")

try:
    got = list(compiled([x, np.int32(lengths), np.zeros((3, 1, 1), np.float32)]).values())[0][:, 0]
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of openvino {openvino.__version__}")
