"""Given complex states, a SimpleCell of linen computes with complex numbers, and returns them.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import flax.linen
import jax
import numpy as np

cell, x = flax.linen.SimpleCell(1), np.ones((1, 1), "float32")
weights = cell.init(jax.random.key(0), x, x)
try:
    got, _ = cell.apply(weights, 1j * x, x)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got} of flax {flax.__version__}")
