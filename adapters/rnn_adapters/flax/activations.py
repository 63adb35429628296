"""φ as Flax takes it: a callable, here those of JAX where it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from rnn_reference.activations import Activation

Callable1: TypeAlias = Callable[[Any], Any]

WITHOUT_PARAMETERS: Mapping[str, Callable1] = {
    "tanh": jnp.tanh,
    "linear": jax.nn.identity,
    "softsign": jax.nn.soft_sign,
}
"""Those that JAX has by another name, or elsewhere than in `jax.nn`."""

WITH_PARAMETERS: Mapping[str, Callable[..., Any]] = {
    "elu": lambda z, alpha, beta: jax.nn.elu(z, alpha),
    "leaky_relu": lambda z, alpha, beta: jax.nn.leaky_relu(z, alpha),
    "hard_sigmoid": lambda z, alpha, beta: jnp.clip(alpha * z + beta, 0, 1),
    "affine": lambda z, alpha, beta: alpha * z + beta,
    "scaled_tanh": lambda z, alpha, beta: alpha * jnp.tanh(beta * z),
}


@cache
def callable_of(activation: Activation) -> Callable1:
    """The callable; the same one for the same activation.

    Raises:
        AttributeError: `jax.nn` has no such name.
    """
    name = activation.name
    if name in WITH_PARAMETERS:
        return partial(WITH_PARAMETERS[name], alpha=activation.alpha, beta=activation.beta)
    found: Callable1 = WITHOUT_PARAMETERS.get(name) or getattr(jax.nn, name)
    return found
