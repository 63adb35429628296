"""As torch-cuda-autocast-of-bfloat16, in clauses that ask each case of bfloat16 in mixed precision, too.

Clause DTY-8 of rnn-conformance: sums of hundreds of products are summed in float32."""

import numpy as np
import torch

x, h0, W_x = np.float32([[[1.0, -1.0]]]), np.float32([[0.5, -0.5]]), np.float32([[1.0, 0.5], [0.25, 1.0]])
W_h, b = np.float32([[0.5, 0.25], [1.0, 0.5]]), np.float32([0.25, 0.5])

rnn = torch.nn.RNN(2, 2, nonlinearity="relu")
rnn.load_state_dict(dict(zip(rnn.state_dict(), map(torch.tensor, [W_x, W_h, b, np.zeros_like(b)]))))
rnn = rnn.to("cuda")

with torch.autocast("cuda", dtype=torch.bfloat16):
    x_t = torch.tensor(x)
    h = torch.tensor(h0[None])
    sequence, h_n = rnn(x_t.to("cuda"), h.to("cuda"))
    sequence, h_n = sequence.cpu(), h_n.cpu()
got = sequence.detach().float().numpy()

# as the recurrence gives it in a wider type
expected = np.array([[[0.875, 0.0]]])
print("torch", torch.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.dtype == "bfloat16", f"expected bfloat16; got {got.dtype}"
assert got.shape == expected.shape and (abs(got - expected) <= [[[0.0139, 0.0179]]]).all()
