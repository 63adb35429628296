"""Of integers of eight bytes a layer reads the lower four.

Clause ERR-7 of rnn-conformance: integers are the numbers that they are."""

import sys

import flax
import jax.numpy as jnp
import numpy as np
from flax import nnx

x = np.array([[[2**32 + 1]]], "int64")

cell = nnx.SimpleCell(1, 1, activation_fn=lambda z: z, rngs=nnx.Rngs(0))
cell.dense_i.kernel.value = jnp.ones((1, 1))
got = np.asarray(nnx.RNN(cell)(x))
expected = x.astype("float32")  # 2**32, as float32 has it; biases are zero, and so is the state before
print("flax", flax.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max())
sys.exit(int((got != expected).any()))
