"""On an NVIDIA GPU the default precision of products of float32 is that of eleven significant bits.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import haiku as hk
import jax
import numpy as np

jax.config.update("jax_default_device", jax.devices("gpu")[0])
x = np.full((1, 8, 10), 1.0001, "float32")
rnn = hk.transform(lambda x: hk.dynamic_unroll(core := hk.VanillaRNN(3), x, core.initial_state(8))[0])
weights = jax.tree.map(np.zeros_like, rnn.init(jax.random.key(0), x))
weights["vanilla_rnn/linear"]["w"][:] = x[0, 0, 0]
got = np.asarray(rnn.apply(weights, None, x))
expected = 10 * np.float64(x[0, 0, 0]) ** 2
print("haiku", hk.__version__, "\nexpected", expected, "\ngot     ", got.max())
assert abs(got - expected).max() <= 11 * 2**-24 * expected
