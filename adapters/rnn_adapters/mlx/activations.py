"""φ as MLX takes it: a callable, as a function or as a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import mlx.core as mx
from mlx import nn

from rnn_reference.activations import Activation

Make: TypeAlias = Callable[[Activation], Callable[[mx.array], mx.array]]

FUNCTIONS: Mapping[str, Make] = {
    "tanh": lambda of: nn.tanh,
    "relu": lambda of: nn.relu,
    "sigmoid": lambda of: nn.sigmoid,
    "linear": lambda of: lambda z: z,
    "softsign": lambda of: nn.softsign,
    "softplus": lambda of: nn.softplus,
    "elu": lambda of: partial(nn.elu, alpha=of.alpha),
    "leaky_relu": lambda of: partial(nn.leaky_relu, negative_slope=of.alpha),
    "hard_sigmoid": lambda of: lambda z: mx.clip(of.alpha * z + of.beta, 0, 1),
    "affine": lambda of: lambda z: of.alpha * z + of.beta,
    "scaled_tanh": lambda of: lambda z: of.alpha * mx.tanh(of.beta * z),
}
"""MLX's own functions, and what a user writes where there is none."""
MODULES: Mapping[str, Make] = {
    "tanh": lambda of: nn.Tanh(),
    "relu": lambda of: nn.ReLU(),
    "sigmoid": lambda of: nn.Sigmoid(),
    "linear": lambda of: nn.Identity(),
    "softsign": lambda of: nn.Softsign(),
    "softplus": lambda of: nn.Softplus(),
    "elu": lambda of: nn.ELU(of.alpha),
    "leaky_relu": lambda of: nn.LeakyReLU(of.alpha),
}
"""MLX's own modules."""


def nonlinearity(activation: Activation, known: Mapping[str, Make]) -> Any:
    """MLX's argument. What is unknown to us is handed on: what MLX says to it is part of what is tested."""
    made = known.get(activation.name)
    return made(activation) if made else activation.name
