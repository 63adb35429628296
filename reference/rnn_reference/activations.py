"""The activations φ: their values, their derivatives, and what the bounds need to know of them.

The spec's chapter on activations has the formulas and where the constants come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

Activation: TypeAlias = Literal["tanh", "relu", "sigmoid", "linear", "softsign", "softplus", "elu"]

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)


@dataclass(frozen=True)
class Phi:
    """One activation; all of them are monotone.

    Args:
        value: φ(z).
        derivative: φ'(z), from h = φ(z).
        second_derivative: φ''(z), from h; 0 at a kink.
        steepest: the largest φ' anywhere within δ of z, from z and δ.
        bend: the largest |φ''|: how fast the derivative changes; infinite at a kink.
        turn: the largest |dφ'/dh|, the derivative as a function of h.
        accuracy: C: how far, in units of u and of max(1, |h|), a computed φ(z) may be from it; 0: not at all.
    """

    value: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    second_derivative: Callable[[Array], Array]
    steepest: Callable[[Array, Array], Array]
    bend: float
    turn: float
    accuracy: float


ACTIVATION_ACCURACY = 12
"""C. Float32 activations of the frameworks measured lie between 0.5 u and 7.4 u (the spec's NUM-1)."""


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^−z), by the exponential that cannot overflow."""
    e = np.exp(-np.abs(z))
    value: Array = np.where(z >= 0, 1, e) / (1 + e)
    return value


def nearest_to_zero(z: Array, delta: Array) -> Array:
    """The smallest absolute value within δ of z."""
    nearest: Array = np.maximum(np.abs(z) - delta, 0)
    return nearest


PHI: Mapping[Activation, Phi] = MappingProxyType(
    {
        "tanh": Phi(
            np.tanh,
            lambda h: 1 - h * h,
            lambda h: -2 * h * (1 - h * h),
            lambda z, delta: 1 - np.tanh(nearest_to_zero(z, delta)) ** 2,
            bend=4 / 27**0.5,
            turn=2,
            accuracy=ACTIVATION_ACCURACY,
        ),
        "relu": Phi(
            lambda z: np.maximum(z, 0),
            lambda h: np.asarray(h > 0, h.dtype),
            np.zeros_like,
            lambda z, delta: np.asarray(z + delta > 0, z.dtype),
            bend=float("inf"),
            turn=float("inf"),
            accuracy=0,
        ),
        "sigmoid": Phi(
            sigmoid,
            lambda h: h * (1 - h),
            lambda h: h * (1 - h) * (1 - 2 * h),
            lambda z, delta: sigmoid(nearest_to_zero(z, delta)) * sigmoid(-nearest_to_zero(z, delta)),
            bend=1 / 108**0.5,
            turn=1,
            accuracy=ACTIVATION_ACCURACY,
        ),
        "linear": Phi(
            lambda z: z.copy(),
            np.ones_like,
            np.zeros_like,
            lambda z, delta: np.ones_like(z),
            bend=0,
            turn=0,
            accuracy=0,
        ),
        "softsign": Phi(
            lambda z: z / (1 + np.abs(z)),
            lambda h: (1 - np.abs(h)) ** 2,
            lambda h: -2 * np.sign(h) * (1 - np.abs(h)) ** 3,
            lambda z, delta: (1 + nearest_to_zero(z, delta)) ** -2.0,
            bend=2,
            turn=2,
            accuracy=ACTIVATION_ACCURACY,
        ),
        "softplus": Phi(
            lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
            lambda h: -np.expm1(-h),
            lambda h: -np.exp(-h) * np.expm1(-h),
            lambda z, delta: sigmoid(z + delta),
            bend=1 / 4,
            turn=1,
            accuracy=ACTIVATION_ACCURACY,
        ),
        "elu": Phi(
            lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
            lambda h: np.where(h > 0, 1, h + 1),
            lambda h: np.where(h > 0, 0, h + 1),
            lambda z, delta: np.exp(np.minimum(z + delta, 0)),
            bend=1,
            turn=1,
            accuracy=ACTIVATION_ACCURACY,
        ),
    }
)
