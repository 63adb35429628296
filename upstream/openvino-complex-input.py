"""Of complex input the real part is taken.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import numpy as np
import openvino
from openvino import opset14 as ops

x, h0 = np.complex64([[[(1+1j)]]]), np.float32([[0.5]])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

x_in = ops.parameter([-1, -1, 1], np.float32, name="x")
lengths_in = ops.parameter([-1], np.int32, name="lengths")
h_in = ops.parameter([-1, 1, 1], np.float32, name="h_0")
rnn = ops.rnn_sequence(x_in, h_in, lengths_in, W_x[None], W_h[None], b[None], 1, "forward", ["tanh"])
model = openvino.Model([rnn.output(0), rnn.output(1)], [x_in, lengths_in, h_in], "rnn")
core = openvino.Core()
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

print("openvino", openvino.__version__)
try:
    got = list(compiled([x, np.full(1, 1, "int32"), h0[None].swapaxes(0, 1)]).values())[0][:, 0]
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()}")
