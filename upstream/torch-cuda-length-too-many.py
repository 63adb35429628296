"""On an NVIDIA GPU a length too many leaves the process with a GPU that it can use no more.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence

x = torch.ones(2, 1, 1, device="cuda")
try:
    pack_padded_sequence(x, torch.tensor([2, 2]), enforce_sorted=False).data.cpu()
except RuntimeError as error:
    print("refused:", error)
print("torch", torch.__version__, "\nexpected", [[[1.0]], [[1.0]]])
try:
    print("got     ", x.tolist())
except RuntimeError as error:
    raise SystemExit(2) from error
