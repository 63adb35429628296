"""On an NVIDIA GPU the default precision of products of float32 is that of eleven significant bits.

Clause OPT-11 of rnn-conformance: another device changes nothing."""

import flax
import jax
import numpy as np
from flax import nnx

jax.config.update("jax_default_device", jax.devices("gpu")[0])
cell = nnx.SimpleCell(10, 3, activation_fn=jax.nn.relu, rngs=nnx.Rngs(0))
rnn, x = nnx.RNN(cell), np.full((8, 1, 10), 1.0001, "float32")
cell.dense_i.kernel[...] = np.full((10, 3), x[0, 0, 0])
got = np.asarray(rnn(x))
expected = 10 * np.float64(x[0, 0, 0]) ** 2
print("flax", flax.__version__, "\nexpected", expected, "\ngot     ", got.max())
assert abs(got - expected).max() <= 11 * 2**-24 * expected
