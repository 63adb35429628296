"""In a model of dynamic shapes, sequence_lengths is ignored: every row takes all steps.

Clause NUM-6 of rnn-conformance: final states of longer sequences are within the sharper bound."""

import numpy as np
import openvino
from openvino import opset14 as ops

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]]]), np.array([2, 1])
W_x_0, W_h_0, b_0 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])
W_x_1, W_h_1, b_1 = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

x_in, lengths_in = ops.parameter([-1, -1, 1], np.float32), ops.parameter([-1], np.int32)
h_in = ops.parameter([-1, 2, 1], np.float32)
rnn = ops.rnn_sequence(
    x_in, h_in, lengths_in, np.stack([W_x_0, W_x_1]), np.stack([W_h_0, W_h_1]), np.stack([b_0, b_1]), 1,
    "bidirectional", ["sigmoid"],
)
model = openvino.Model(rnn.outputs(), [x_in, lengths_in, h_in])
compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

outputs = list(compiled([x, np.int32(lengths), np.zeros((2, 2, 1), np.float32)]).values())
got = outputs[0].swapaxes(1, 2).reshape(2, 2, 2)

# as the recurrence gives it in a wider type
expected = np.array([
    0.7772998611746911, 0.8458381842754251, 0.933307979584896, 0.9046505351008906, 0.7772998611746911,
    0.7772998611746911, 0.0, 0.0
]).reshape((2, 2, 2))
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=8.18e-07)
