"""A float64 model is computed in float32, and returns float64.

Clause NUM-5 of rnn-conformance: float64 is computed in float64."""

import numpy as np
import openvino
from openvino import opset14 as ops

x = np.array([[[1.0]]])
W_x, W_h, b = np.float64([[0.1]]), np.float64([[0.0]]), np.float64([0.0])

x_in = ops.parameter([-1, -1, 1], np.float64, name="x")
lengths_in = ops.parameter([-1], np.int32, name="lengths")
h_in = ops.parameter([-1, 1, 1], np.float64, name="h_0")
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model([rnn.output(0), rnn.output(1)], [x_in, lengths_in, h_in], "rnn")
core = openvino.Core()
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

got = list(compiled([x, np.full(1, 1, "int32"), np.zeros((1, 1, 1), np.float64)]).values())[0][:, 0]

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
expected = np.tanh(x[:, 0].astype("longdouble") @ W_x.T + b)[:, None]
print("openvino", openvino.__version__, "\nexpected", expected.astype("float64").tolist(), "\ngot     ", got.tolist())
bound = np.array([[[1.38e-15]]])
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
