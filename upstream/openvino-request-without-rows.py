"""A request takes input of no rows and of a wrong number of features.

Clause EDG-1 of rnn-conformance: an empty batch."""

import numpy as np
import openvino
from openvino import opset14 as ops

one, h, lengths = np.ones((1, 1, 1), "float32"), np.zeros((0, 1, 1), "float32"), np.zeros(0, "int32")
given = [ops.parameter([-1, -1, 1]), ops.parameter([-1, 1, 1]), ops.parameter([-1], np.int32)]
rnn = ops.rnn_sequence(*given, one, one, np.zeros((1, 1), "float32"), 1, "forward", ["tanh"])
request = openvino.compile_model(openvino.Model(rnn.outputs(), given), "CPU").create_infer_request()
try:
    got = next(iter(request.infer([np.zeros((0, 1, 2), "float32"), h, lengths]).values()))
except RuntimeError:
    raise SystemExit from None  # refused, as it should be
print("openvino", openvino.__version__, "\nexpected an error", "\ngot      an output of shape", got.shape)
raise SystemExit(1)
