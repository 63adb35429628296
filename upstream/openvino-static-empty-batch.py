"""A model of static shapes whose batch is empty ends the process (SIGFPE).

Clause EDG-1 of rnn-conformance: an empty batch."""

import numpy as np
import openvino
from openvino import opset14 as ops

x = np.zeros((0, 1, 1), "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.zeros((0, 1))[:, None]
print("openvino", openvino.__version__, "\nexpected", expected.tolist())

x_in, lengths_in = ops.parameter([0, 1, 1], np.float32), ops.parameter([0], np.int32)
h_in = ops.parameter([0, 1, 1], np.float32)
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model(rnn.outputs(), [x_in, lengths_in, h_in])
compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

got = list(compiled([x, np.int32([]), np.zeros((0, 1, 1), np.float32)]).values())[0][:, 0]
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0), got.tolist()
