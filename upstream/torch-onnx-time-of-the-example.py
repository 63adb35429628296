"""A model written by `torch.onnx.export` for any number of time steps (`Dim.AUTO`) computes those of its
example.

Clause OPT-7 of rnn-conformance: saving and loading change nothing."""

import onnxruntime
import torch

rnn, x = torch.nn.RNN(1, 1), torch.tensor([[[1.0]], [[2.0]], [[0.5]]])
expected = rnn(x)[0].detach().numpy()
print("torch", torch.__version__, "\nexpected", expected.tolist())

shapes = ({0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO},)
example, names = (torch.zeros(2, 3, 1),), ["x"]
program = torch.onnx.export(rnn, example, dynamo=True, dynamic_shapes=shapes, input_names=names)
session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
got = session.run(None, {"x": x.numpy()})[0]
print("got     ", got.tolist())
assert got.shape == expected.shape and abs(got - expected).max() <= 163 * 2**-24
