"""Given complex states, a core computes with complex numbers, and returns them.

Clause ERR-5 of rnn-conformance: input of another type is the same numbers or an error."""

import haiku as hk
import jax
import numpy as np

rnn, x = hk.without_apply_rng(hk.transform(lambda *given: hk.VanillaRNN(1)(*given))), np.ones((1, 1), "float32")
weights = rnn.init(jax.random.key(0), x, x)
try:
    got, _ = rnn.apply(weights, x, 1j * x)
except Exception:
    raise SystemExit  # refused, as it should be
raise SystemExit(f"expected an error; got {got} of haiku {hk.__version__}")
