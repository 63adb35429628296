"""In a loop, the second derivative of softplus at 0 is 1/2 in place of 1/4.

Clause ACT-7 of rnn-conformance: gradients through other activations."""

import jax
import jax.numpy as jnp

def after_a_step(w):
    return jax.lax.scan(lambda h, x: (jax.nn.softplus(w * x), None), 0.0, jnp.ones(1))[0]

alone, got = (float(jax.grad(jax.grad(f))(0.0)) for f in (jax.nn.softplus, after_a_step))
print("jax", jax.__version__, "\nexpected", alone, "\ngot     ", got)
assert got == alone
