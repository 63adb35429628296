"""tanh loses its digits near 0 (it is 0 below 2⁻²⁵ or so), and is not odd to the bit.

Clause NUM-8 of rnn-conformance: tanh near zero is as exact as its size."""

import numpy as np
import onnxruntime
from onnx import numpy_helper, parser

x = np.array([[[1.3785362e-12], [3.25], [1e-45], [4.5], [1.3561436e+21], [1.3125]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.0]]), np.float32([0.0])

model = parser.parse_model("""
<ir_version: 14, opset_import: ["" : 28]>
rnn (float[time, batch, 1] X)
=> (float[1, batch, 1] Y_h_0, float[time, 1, batch, 1] Y)
{
    Y, Y_h_0 = RNN <hidden_size = 1> (X, W_0, R_0, B_0)
}""")
weights = {"W_0": W_x[None], "R_0": W_h[None], "B_0": np.concatenate([b, np.zeros_like(b)])[None]}
model.graph.initializer.extend(numpy_helper.from_array(w, name) for name, w in weights.items())
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

feeds = {"X": x.swapaxes(0, 1)}
got = session.run(None, feeds)[1][:, 0].swapaxes(0, 1)

# as the recurrence gives it in a wider type
expected = np.array([
    1.3785361741014412e-12, 0.996997635486526, 1.401298464324817e-45, 0.9997532108480275, 1.0,
    0.8649066177207417
]).reshape((1, 6, 1))
print("onnxruntime", onnxruntime.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
bound = np.array([[[9.91e-19], [np.inf], [1.18e-38], [np.inf], [np.inf], [np.inf]]])
got = np.where(bound < np.inf, got, expected)  # of the others nothing is claimed
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
assert close and got.shape == expected.shape, f"a difference of {abs(got - expected).max()}"
