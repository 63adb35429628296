"""OpenVINO ignores the lengths in what torch writes of a packed sequence: every row takes all steps.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import io

import numpy as np
import openvino
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

x = np.array([[[1.0], [2.0]], [[1.0], [2.0]]], "float32")
lengths = np.array([2, 1])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

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
axes = {"x": {1: "batch", 0: "time"}, "lengths": {0: "batch"}, "sequence": {1: "batch", 0: "time"}, "h_n": {1: "batch"}}
file = io.BytesIO()
torch.onnx.export(Holder(rnn), example, file, dynamo=False, dynamic_axes=axes, **names)
model = file.getvalue()
feeds = {"x": x_t.numpy(), "lengths": lengths_t.numpy()}
core = openvino.Core()
compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
found = compiled(feeds)
sequence, h_n = torch.from_numpy(found["sequence"]), torch.from_numpy(found["h_n"])
got = sequence.detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
valid = np.arange(x.shape[1]) < lengths[:, None]
h, states = np.zeros((2, 1), "float64"), []
for t in range(2):
    h = np.where(valid[:, t, None], np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b), h)
    states.append(np.where(valid[:, t, None], h, 0))
expected = np.stack(states, axis=1)
print("torch", torch.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max(initial=0), "of at most", 7.99e-07)
close = np.allclose(got, expected, rtol=0, atol=7.99e-07, equal_nan=True)
raise SystemExit(0 if close and got.shape == expected.shape else 1)
