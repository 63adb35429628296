"""A SimpleCell with a narrow `param_dtype` cannot be initialised unless it is given another initialiser.

Clause INT-8 of rnn-conformance: a layer of any type has fresh weights."""

import flax
import jax
from flax import linen

print("flax", flax.__version__, "\nexpected bfloat16")
rnn = linen.RNN(linen.SimpleCell(1, param_dtype="bfloat16"))
weights = rnn.init(jax.random.key(0), jax.numpy.ones((1, 1, 1)))
print("got     ", *{leaf.dtype for leaf in jax.tree.leaves(weights)})
