"""In a model of dynamic shapes, sequence_lengths is ignored: every row takes all steps.

Clause NUM-6 of rnn-conformance: final states of longer sequences are within the sharper bound."""

import numpy as np
import openvino
from openvino import opset14 as ops

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]]]), np.int64([2, 1])
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

x_in = ops.parameter([-1, -1, 1], np.float32, name="x")
lengths_in = ops.parameter([-1], np.int32, name="lengths")
h_in = ops.parameter([-1, 2, 1], np.float32, name="h_0")
rnn = ops.rnn_sequence(
    x_in, h_in, lengths_in, np.stack([W_x_0, W_x_1]), np.stack([W_h_0, W_h_1]), np.stack([b_0, b_1]), 1,
    "bidirectional", ["sigmoid"],
)
model = openvino.Model([rnn.output(0), rnn.output(1)], [x_in, lengths_in, h_in], "rnn")
core = openvino.Core()
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

outputs = list(compiled([x, lengths.astype("int32"), np.zeros((2, 2, 1), np.float32)]).values())
got = outputs[0].swapaxes(1, 2).reshape(2, 2, 2)

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
def rnn(x, h, W_x, W_h, b, valid):
    x, h, states = x.astype("float64"), np.asarray(h, "float64"), []
    for t in range(x.shape[1]):
        z = x[:, t] @ W_x.T + h @ W_h.T + b
        h = np.where(valid[:, t, None], 1 / (1 + np.exp(-z)), h)
        states.append(h)
    return np.stack(states, axis=1), h

valid = np.arange(x.shape[1]) < lengths[:, None]
states_0, h_0 = rnn(x, np.zeros((2, 1)), W_x_0, W_h_0, b_0, valid)
states_1, h_1 = rnn(x[:, ::-1], np.zeros((2, 1)), W_x_1, W_h_1, b_1, valid[:, ::-1])
expected = np.where(valid[:, :, None], np.concatenate([states_0, states_1[:, ::-1]], axis=-1), 0)
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.18e-07, equal_nan=True)
