"""In a model of dynamic shapes, the final states of a sequence of no steps are whatever stood in memory.

Clause EDG-2 of rnn-conformance: a sequence of no steps."""

import numpy as np
import openvino
from openvino import opset14 as ops

x, h0 = np.zeros((1, 0, 1), "float32"), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

x_in, lengths_in = ops.parameter([-1, -1, 1], np.float32), ops.parameter([-1], np.int32)
h_in = ops.parameter([-1, 1, 1], np.float32)
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model(rnn.outputs(), [x_in, lengths_in, h_in])
compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

got = list(compiled([x, np.int32([0]), h0[:, None]]).values())[1].swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([[[0.5]]])
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=0)
