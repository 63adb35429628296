"""What random numbers may do: bounds that are exceeded once in a thousand million draws."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rnn_reference.network import Array

FALSE_ALARMS = 1e-9
"""Probability with which one test fails though all is well: a thousand tests stay below one in a million."""


def largest_deviation_of_a_share(numbers: int) -> float:
    """How far a share among independent numbers may be from what is expected (Hoeffding; DRP-6)."""
    return math.sqrt(math.log(2 / FALSE_ALARMS) / (2 * numbers))


def largest_deviation_of_any_share(numbers: int, shares: int) -> float:
    """The same of the largest and the smallest of so many shares, each of so many numbers (DRP-9)."""
    return math.sqrt(math.log(2 * shares / FALSE_ALARMS) / (2 * numbers))


def share_of_the_limit_reached(numbers: int) -> float:
    """What the largest of independent uniform numbers on ±1 is at least, in absolute value (INT-5)."""
    return float(FALSE_ALARMS ** (1 / numbers))


TRUNCATED_DEVIATION = math.sqrt(1 - 4 * math.exp(-2) / (math.sqrt(2 * math.pi) * math.erf(math.sqrt(2))))
"""The standard deviation of a normal distribution of deviation 1 that is cut off at ±2 (INT-3)."""


def uniform(limit: float) -> Callable[[Array], Array]:
    """The distribution function of the uniform distribution on ±limit."""
    return lambda numbers: (numbers + limit) / (2 * limit)


def truncated_normal(limit: float) -> Callable[[Array], Array]:
    """The distribution function of the normal distribution that is cut off at two deviations, ±limit."""

    def function(numbers: Array) -> Array:
        z = np.clip(2 * numbers / limit, -2, 2) / math.sqrt(2)
        below = np.array([math.erf(each) for each in z])
        return (1 + below / math.erf(math.sqrt(2))) / 2

    return function


def distance(numbers: Array, distribution: Callable[[Array], Array]) -> float:
    """Largest distance of the empirical distribution function from a continuous one.

    It stays below `largest_deviation_of_a_share` as well (Dvoretzky, Kiefer, Wolfowitz; INT-3).
    """
    truth = distribution(np.sort(numbers.ravel()).astype(float))
    steps = np.arange(truth.size + 1) / truth.size
    return float(max((steps[1:] - truth).max(), (truth - steps[:-1]).max()))
