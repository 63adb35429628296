"""Where no states are given, a core of narrow weights and input computes and returns float32.

Clause DTY-1 of rnn-conformance: what is returned has the type of the network."""

import haiku as hk
import jax

def network(x):
    core = hk.VanillaRNN(1)
    return hk.dynamic_unroll(core, x, core.initial_state(1))[0]

rnn, x = hk.without_apply_rng(hk.transform(network)), jax.numpy.ones((1, 1, 1), "bfloat16")
weights = jax.tree.map(lambda each: each.astype("bfloat16"), rnn.init(jax.random.key(0), x))
expected, got = "bfloat16", rnn.apply(weights, x).dtype
print("haiku", hk.__version__, "\nexpected", expected, "\ngot     ", got)
assert got == expected
