"""The state that a core is said to start from is of float32 whatever the type of its weights.

Clause CFG-4 of rnn-conformance: default states are zeros of the type computed in."""

import haiku as hk
import jax

def network(x):
    core = hk.VanillaRNN(1)
    state = core.initial_state(1)
    return state, core(x, state)

x = jax.numpy.ones((1, 1), "bfloat16")
rnn = hk.without_apply_rng(hk.transform(network))
weights = jax.tree.map(lambda each: each.astype("bfloat16"), rnn.init(jax.random.key(0), x))
state, (y, _) = rnn.apply(weights, x)
print("hk", hk.__version__)
print("expected", "bfloat16 state, bfloat16 output")
print("got     ", f"{state.dtype} state, {y.dtype} output")
raise SystemExit(0 if state.dtype == y.dtype == "bfloat16" else 1)
