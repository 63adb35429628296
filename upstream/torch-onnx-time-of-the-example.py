"""A model written by `torch.onnx.export` for any number of time steps (`Dim.AUTO`) computes those of its
example.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import numpy as np
import onnxruntime
import torch

x = np.array([[[1.0], [2.0], [0.5]]], "float32")
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = torch.nn.RNN(1, 1)
rnn.load_state_dict({
    "weight_ih_l0": torch.tensor(W_x), "weight_hh_l0": torch.tensor(W_h), "bias_ih_l0": torch.tensor(b),
    "bias_hh_l0": torch.tensor(np.zeros(1, "float32")),
})

x_t = torch.tensor(x.swapaxes(0, 1))

class Holder(torch.nn.Module):
    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x):
        return self.rnn(x)

example = (torch.zeros(2, 3, 1),)
names = {"input_names": ["x"], "output_names": ["sequence", "h_n"]}
auto = torch.export.Dim.AUTO
shapes = ({0: auto, 1: auto},)
program = torch.onnx.export(Holder(rnn), example, dynamo=True, dynamic_shapes=shapes, **names)
model = program.model_proto.SerializeToString()
feeds = {"x": x_t.numpy()}
session = onnxruntime.InferenceSession(model)
got = map(torch.from_numpy, session.run(None, feeds))[0].detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "float64"), []
for t in range(3):
    h = np.tanh(x[:, t].astype("float64") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("torch", torch.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=9.08e-07, equal_nan=True)
