"""In a model of static shapes, lengths below 0 and above T are taken in one direction, and the final state is
zero.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import openvino
from openvino import opset14 as ops

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.int64([1002, 1001, 1002])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

x_in = ops.parameter([3, 2, 1], np.float32, name="x")
lengths_in = ops.parameter([3], np.int32, name="lengths")
h_in = ops.parameter([3, 1, 1], np.float32, name="h_0")
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model([rnn.output(0), rnn.output(1)], [x_in, lengths_in, h_in], "rnn")
core = openvino.Core()
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

print("openvino", openvino.__version__)
try:
    got = list(compiled([x, lengths.astype("int32"), np.zeros((3, 1, 1), np.float32)]).values())[0][:, 0]
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
