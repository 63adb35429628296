"""On an NVIDIA GPU, with a length too few, the last rows of the batch are dropped without a word.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

rnn = torch.nn.RNN(1, 1)
rnn = rnn.to("cuda")

try:
    x_t = torch.tensor(np.float32([[[0.0]], [[0.0]], [[0.0]]]).swapaxes(0, 1))
    packed = pack_padded_sequence(x_t, torch.tensor(np.array([1, 1])), enforce_sorted=False)
    output, h_n = rnn(packed.to("cuda"))
    sequence, _ = pad_packed_sequence(output, total_length=1)
    sequence, h_n = sequence.cpu(), h_n.cpu()
    got = sequence.detach().transpose(0, 1).numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of torch {torch.__version__}")
