"""A step of training makes weights NaN if the padding of the input is NaN.

Clause TRN-2 of rnn-conformance: a step trains with whatever time steps masked."""

import flax
import jax
import numpy as np
from flax import nnx

x, lengths = np.float32([[[1.0], [np.nan]]]), np.array([1])
rnn = nnx.RNN(nnx.SimpleCell(1, 1, rngs=nnx.Rngs(0)))
gradients = nnx.grad(lambda rnn: rnn(x, seq_lengths=lengths)[0, 0, 0])(rnn)
after = jax.tree.map(lambda weight, slope: weight - 0.125 * slope, nnx.state(rnn, nnx.Param), gradients)
got = [float(weight.ravel()[0]) for weight in jax.tree.leaves(after)]
print("flax", flax.__version__, "\nexpected finite weights", "\ngot     ", got)
assert np.isfinite(got).all()
