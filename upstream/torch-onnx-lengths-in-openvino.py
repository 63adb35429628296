"""OpenVINO ignores the lengths in what torch writes of a packed sequence: every row takes all steps.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import tempfile

import openvino
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Padded(torch.nn.RNN):
    def forward(self, x, lengths):
        return pad_packed_sequence(super().forward(pack_padded_sequence(x, lengths))[0])[0]

rnn, x, lengths = Padded(1, 1), torch.ones(2, 2, 1), torch.tensor([2, 1])
expected, path = rnn(x, lengths).detach().numpy(), tempfile.mkdtemp() + "/rnn.onnx"
axes = {"x": {0: "time", 1: "batch"}, "lengths": {0: "batch"}}
torch.onnx.export(rnn, (x, lengths), path, dynamo=False, input_names=["x", "lengths"], dynamic_axes=axes)
got = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x.numpy(), lengths.numpy()])[0]
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and abs(got - expected).max() <= 102 * 2**-24
