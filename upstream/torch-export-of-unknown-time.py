"""torch.export makes no program of an RNN for any number of time steps: it raises UserError.

Clause SHP-8 of rnn-conformance: every other route infers the same."""

import torch

size = torch.export.Dim.DYNAMIC
expected = [3, 5]
print("torch", torch.__version__)
print("expected programs for", expected, "time steps")


class Holder(torch.nn.Module):
    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x):
        return self.rnn(x)


shapes = ({0: size, 1: size},)
program = torch.export.export(Holder(torch.nn.RNN(1, 1)), (torch.zeros(3, 3, 1),), dynamic_shapes=shapes)
print("got", [len(program.module()(torch.zeros(time, 3, 1))[0]) for time in expected])
