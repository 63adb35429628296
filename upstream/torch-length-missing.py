"""With a length too few, the last rows of the batch are dropped without a word.

Clause LEN-7 of rnn-conformance: impossible lengths are an error."""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

x = np.array([[[1.0], [2.0]], [[1.0], [2.0]], [[1.0], [2.0]]], "float32")
lengths = np.array([2, 2])
W_x, W_h, b = np.float32([[1.0]]), np.float32([[0.5]]), np.float32([0.25])

rnn = torch.nn.RNN(1, 1)
rnn.load_state_dict({
    "weight_ih_l0": torch.tensor(W_x), "weight_hh_l0": torch.tensor(W_h), "bias_ih_l0": torch.tensor(b),
    "bias_hh_l0": torch.tensor(np.zeros(1, "float32")),
})

print("torch", torch.__version__)
try:
    x_t = torch.tensor(x.swapaxes(0, 1))
    packed = pack_padded_sequence(x_t, torch.tensor(lengths), enforce_sorted=False)
    output, h_n = rnn(packed)
    sequence, _ = pad_packed_sequence(output, total_length=2)
    got = sequence.detach().transpose(0, 1).numpy()
except Exception as error:
    print("refused, as it should be:", type(error).__name__)
else:
    print("expected an error; got", got.tolist())
    raise SystemExit(1)
