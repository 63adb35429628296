"""An infinite input of float64 is the largest number of float32.

Clause NAN-9 of rnn-conformance: infinite input gives the limit of the activation."""

import numpy as np
import openvino
from openvino import opset14 as ops

x = ops.parameter([-1], np.float64)
compiled = openvino.compile_model(openvino.Model([ops.relu(x)], [x]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
got = float(compiled([np.array([np.inf])])[0][0])
print("openvino", openvino.__version__, "\nexpected", np.inf, "\ngot     ", got)
assert got == np.inf
