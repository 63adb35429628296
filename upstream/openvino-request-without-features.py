"""A request takes input without features, and computes of what it was given before.

Clause ERR-1 of rnn-conformance: a wrong number of features is an error."""

import numpy as np
import openvino
from openvino import opset14 as ops

one, h, lengths = np.ones((1, 1, 1), "float32"), np.zeros((1, 1, 1), "float32"), np.int32([1])
given = [ops.parameter([-1, -1, 1]), ops.parameter([-1, 1, 1]), ops.parameter([-1], np.int32)]
rnn = ops.rnn_sequence(*given, one, one, np.zeros((1, 1), "float32"), 1, "forward", ["tanh"])
request = openvino.compile_model(openvino.Model(rnn.outputs(), given), "CPU").create_infer_request()
request.infer([one, h, lengths])
try:
    got = next(iter(request.infer([one[..., :0], h, lengths]).values()))
except RuntimeError:
    raise SystemExit from None  # refused, as it should be
print("openvino", openvino.__version__, "\nexpected an error", "\ngot     ", got.ravel().tolist())
raise SystemExit(1)
