"""A float64 model is computed in float32, and returns float64.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import numpy as np
import openvino
from openvino import opset14 as ops

x = np.array([[[1.0]]])
W_x, W_h, b = np.array([[0.1]]), np.array([[0.0]]), np.array([0.0])

x_in, lengths_in = ops.parameter([-1, -1, 1], np.float64), ops.parameter([-1], np.int32)
h_in = ops.parameter([-1, 1, 1], np.float64)
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model(rnn.outputs(), [x_in, lengths_in, h_in])
compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

got = list(compiled([x, np.int32([1]), np.zeros((1, 1, 1), np.float64)]).values())[0][:, 0]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T)[:, None]
print("openvino", openvino.__version__, "\nexpected", np.float64(expected).tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1.38e-15)
