"""A model of static shapes whose batch is empty ends the process (SIGFPE).

Clause EDG-1 of rnn-conformance: an empty batch."""

import numpy as np
import openvino
from openvino import opset14 as ops

x = np.zeros((0, 1, 1), "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((0, 1), "float64"), []
for t in range(1):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("openvino", openvino.__version__)
print("expected", expected.tolist())

x_in = ops.parameter([0, 1, 1], np.float32, name="x")
lengths_in = ops.parameter([0], np.int32, name="lengths")
h_in = ops.parameter([0, 1, 1], np.float32, name="h_0")
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model([rnn.output(0), rnn.output(1)], [x_in, lengths_in, h_in], "rnn")
core = openvino.Core()
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

outputs = list(compiled([x, np.full(0, 1, "int32"), np.zeros((0, 1, 1), np.float32)]).values())
got = outputs[0][:, 0]
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 0)
close = np.allclose(got, expected, rtol=0, atol=0, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
