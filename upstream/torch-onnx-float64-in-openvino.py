"""OpenVINO takes a model of float64, and computes it in float32.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import openvino
import torch

rnn, x = torch.nn.RNN(1, 1, dtype=torch.float64), torch.tensor([[[0.1]], [[0.2]]], dtype=torch.float64)
expected = rnn(x)[0].detach().numpy()
model = torch.onnx.export(rnn, (x,), dynamo=True).model_proto.SerializeToString()
got = openvino.compile_model(openvino.Core().read_model(model), "CPU")([x.numpy()])[0]
print("openvino", openvino.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and abs(got - expected).max() <= 85 * 2**-53
