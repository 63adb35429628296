"""tanh loses its digits near 0 (it is 0 below 2⁻²⁵ or so), and is not odd to the bit.

Clause NUM-8 of rnn-conformance: tanh near zero is as exact as its size."""

import numpy as np
import onnxruntime
from onnx import parser

model = parser.parse_model("""<ir_version: 14, opset_import: ["" : 28]>
rnn (float[1, batch, 1] X) => (float[1, batch, 1] Y_h)
<float[1, 1, 1] W = {1.0}, float[1, 1, 1] R = {0.0}> {
    , Y_h = RNN <hidden_size = 1> (X, W, R) }""")
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
x = np.float32([[[1e-10], [1e-6]]])
got, expected = session.run(None, {"X": x})[0], np.tanh(x.astype("float64"))
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=11 * 2**-24, atol=0)
