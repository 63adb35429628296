"""Of integers of eight bytes a core reads the lower four.

Clause ERR-7 of rnn-conformance: integers are the numbers that they are."""

import haiku as hk
import jax
import numpy as np

x = np.array([[2**32 + 1]], "int64")
core = hk.without_apply_rng(hk.transform(lambda x: hk.VanillaRNN(1)(x, np.zeros((1, 1), "float32"))[0]))
drawn = core.init(jax.random.key(0), np.zeros((1, 1), "float32"))
weights = jax.tree.map(np.ones_like, drawn)
got, expected = np.asarray(core.apply(weights, x)), x.astype("float32") + 2  # the two biases
print("haiku", hk.__version__, "\nexpected", expected.tolist(), "\ngot     ", got.tolist())
assert got.shape == expected.shape and (got == expected).all()
