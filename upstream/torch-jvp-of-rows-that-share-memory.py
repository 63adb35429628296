"""`torch.func.jvp` raises RuntimeError where rows of the input share memory, as those of `Tensor.expand` do.

Clause GRD-10 of rnn-conformance: forward mode gives the derivative in a direction."""

import torch

rnn, x = torch.nn.RNN(1, 1, batch_first=True), torch.ones(1, 1, 1).expand(2, 1, 1)
tangent = torch.ones(2, 1, 1)
expected = torch.func.jvp(lambda x: rnn(x)[0], (x.clone(),), (tangent,))[1]
print("torch", torch.__version__, "\nexpected", expected.tolist())
got = torch.func.jvp(lambda x: rnn(x)[0], (x,), (tangent,))[1]
print("got     ", got.tolist())
