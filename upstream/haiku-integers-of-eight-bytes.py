"""Of integers of eight bytes a core reads the lower four.

Clause ERR-7 of rnn-conformance: integers are the numbers that they are."""

import sys

import haiku as hk
import jax
import numpy as np

x = np.array([[[2**32 + 1]]], "int64")  # (time, batch, input)


def unrolled(x):
    core = hk.VanillaRNN(1)
    return hk.dynamic_unroll(core, x, core.initial_state(1))[0]


network = hk.without_apply_rng(hk.transform(unrolled))
given = network.init(jax.random.PRNGKey(0), np.zeros((1, 1, 1), "float32"))
given = jax.tree.map(lambda each: np.ones_like(each) if each.ndim == 2 else np.zeros_like(each), given)
got = np.asarray(network.apply(given, x))
expected = x.astype("float32")  # 2**32, as float32 has it; biases are zero, and so is the state before
print("haiku", hk.__version__)
print("expected", expected.tolist())
print("got     ", got.tolist())
print("difference", abs(got - expected).max())
sys.exit(int((got != expected).any()))
