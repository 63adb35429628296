"""The states that a cell with a narrow `dtype` starts from are of float32.

Clause CFG-4 of rnn-conformance: default states are zeros of the type computed in."""

import flax
import jax
from flax import nnx

cell = nnx.SimpleCell(1, 1, dtype="bfloat16", rngs=nnx.Rngs(0))
carry = cell.initialize_carry((1, 1), nnx.Rngs(0))
following, _ = cell(carry, jax.numpy.ones((1, 1)))
print("flax", flax.__version__)
print("expected", f"{following.dtype}, the type of the carry that the cell returns")
print("got     ", carry.dtype)
raise SystemExit(0 if carry.dtype == following.dtype else 1)
