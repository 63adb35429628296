"""OpenVINO takes a model of float64, and computes it in float32.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import numpy as np
import openvino
import torch

x = np.array([[[1.0], [2.0]]])
W_x, W_h, b = np.float64([[1.0]]), np.float64([[0.5]]), np.float64([0.25])

rnn = torch.nn.RNN(1, 1, dtype=torch.float64)
rnn.load_state_dict({
    "weight_ih_l0": torch.tensor(W_x), "weight_hh_l0": torch.tensor(W_h), "bias_ih_l0": torch.tensor(b),
    "bias_hh_l0": torch.tensor(np.zeros(1)),
})

x_t = torch.tensor(x.swapaxes(0, 1))

class Holder(torch.nn.Module):
    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x):
        return self.rnn(x)

example = (torch.zeros(2, 3, 1, dtype=torch.float64),)
names = {"input_names": ["x"], "output_names": ["sequence", "h_n"]}
auto = torch.export.Dim.AUTO
shapes = ({1: auto},)
program = torch.onnx.export(Holder(rnn), example, dynamo=True, dynamic_shapes=shapes, **names)
model = program.model_proto.SerializeToString()
feeds = {"x": x_t.numpy()}
core = openvino.Core()
compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
found = compiled(feeds)
sequence, h_n = torch.from_numpy(found["sequence"]), torch.from_numpy(found["h_n"])
got = sequence.detach().transpose(0, 1).numpy()

# h_t = φ(W_x x_t + W_h h_{t-1} + b), step by step
h, states = np.zeros((1, 1), "longdouble"), []
for t in range(2):
    h = np.tanh(x[:, t].astype("longdouble") @ W_x.T + h @ W_h.T + b)
    states.append(h)
expected = np.stack(states, axis=1)
print("torch", torch.__version__)
print("expected", expected.astype("float64").tolist())
print("got     ", got.tolist())
bound = np.array([[[1.49e-15], [1.49e-15]]])
print("difference", abs(got - expected).max(initial=0))
close = ((abs(got - expected) <= bound) | (got == expected) | np.isnan(got) & np.isnan(expected)).all()
raise SystemExit(0 if close and got.shape == expected.shape else 1)
