"""Weights of float64 cannot be saved to a .safetensors file and loaded again.

Clause HIS-5 of rnn-conformance: saved and loaded it goes on with its weights."""

import os
import tempfile

import mlx.core as mx
from mlx import nn

rnn = nn.RNN(1, 1)
rnn.set_dtype(mx.float64)
x = mx.ones((1, 1, 1), mx.float64)
print("mx", mx.__version__)
print("expected", rnn(x).tolist())

path = os.path.join(tempfile.mkdtemp(), "rnn.safetensors")
rnn.save_weights(path)
rnn.load_weights(path)
print("got     ", rnn(x).tolist())
