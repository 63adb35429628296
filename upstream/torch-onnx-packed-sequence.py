"""`torch.onnx.export(dynamo=True)` does not write a call of a packed sequence: it raises an error.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import numpy as np
import onnxruntime
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

x, lengths = np.float32([[[1.0], [2.0]]]), np.int64([2])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h, states = np.zeros((1, 1), "float64"), []
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(np.where(valid[:, t, None], h, 0))
expected = np.stack(states, axis=1)
print("torch", torch.__version__, "\nexpected", expected.tolist())

rnn = torch.nn.RNN(1, 1)
rnn.load_state_dict({
    "weight_ih_l0": torch.tensor(W_x), "weight_hh_l0": torch.tensor(W_h), "bias_ih_l0": torch.tensor(b),
    "bias_hh_l0": torch.tensor(np.zeros(1, "float32")),
})

x_t = torch.tensor(x.swapaxes(0, 1))
lengths_t = torch.tensor(lengths)

class Holder(torch.nn.Module):
    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, h_n = self.rnn(packed)
        return pad_packed_sequence(output, total_length=x.shape[0])[0], h_n

example = (torch.zeros(2, 3, 1), torch.full((3,), 2),)
names = {"input_names": ["x", "lengths"], "output_names": ["sequence", "h_n"]}
auto = torch.export.Dim.AUTO
shapes = ({0: auto, 1: auto}, {0: auto},)
program = torch.onnx.export(Holder(rnn), example, dynamo=True, dynamic_shapes=shapes, **names)
model = program.model_proto.SerializeToString()
feeds = {"x": x_t.numpy(), "lengths": lengths_t.numpy()}
session = onnxruntime.InferenceSession(model)
got = map(torch.from_numpy, session.run(None, feeds))[0].detach().transpose(0, 1).numpy()
print(got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
