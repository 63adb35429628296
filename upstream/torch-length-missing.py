"""With a length too few, the last rows of the batch are dropped without a word.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

x, lengths = np.float32([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]]), np.array([2, 2])

rnn = torch.nn.RNN(1, 1)

try:
    x_t = torch.tensor(x.swapaxes(0, 1))
    packed = pack_padded_sequence(x_t, torch.tensor(lengths), enforce_sorted=False)
    output, h_n = rnn(packed)
    got = pad_packed_sequence(output, total_length=2)[0].detach().transpose(0, 1).numpy()
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got.tolist()} of torch {torch.__version__}")
