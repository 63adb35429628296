"""Of an initial state of a larger batch, given with rows that are packed without being sorted, the last rows
are dropped without a word.

Clause ERR-3 of rnn-conformance: initial state of the wrong shape is an error."""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

x = np.float32([[[1.0], [2.0]], [[1.0], [0.5]], [[1.0], [2.0]]])
h0, lengths = np.float32([[0.5], [0.25], [0.5], [0.5]]), np.array([2, 1, 2])

rnn = torch.nn.RNN(1, 1)

try:
    x_t = torch.tensor(x.swapaxes(0, 1))
    h = torch.tensor(h0[None])
    packed = pack_padded_sequence(x_t, torch.tensor(lengths), enforce_sorted=False)
    output, h_n = rnn(packed, h)
    got = pad_packed_sequence(output, total_length=2)[0].detach().transpose(0, 1).numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of torch {torch.__version__}")
