"""`torch.onnx.export(dynamo=True)` does not write a call of a packed sequence: it raises an error.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import onnxruntime
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Padded(torch.nn.RNN):
    def forward(self, x, lengths):
        return pad_packed_sequence(super().forward(pack_padded_sequence(x, lengths))[0])[0]

rnn, x, lengths = Padded(1, 1), torch.ones(2, 1, 1), torch.tensor([2])
expected = rnn(x, lengths).detach().numpy()
print("torch", torch.__version__, "\nexpected", expected.tolist())

program = torch.onnx.export(rnn, (x, lengths), dynamo=True, input_names=["x", "lengths"])
session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
got = session.run(None, {"x": x.numpy(), "lengths": lengths.numpy()})[0]
assert got.shape == expected.shape and abs(got - expected).max() <= 102 * 2**-24, got
