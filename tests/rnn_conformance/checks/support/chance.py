"""What random numbers may do: bounds that are exceeded once in a thousand million draws."""

from __future__ import annotations

import math

import numpy as np

from rnn_reference.network import Array

FALSE_ALARMS = 1e-9
"""Probability with which one test fails though all is well: a thousand tests stay below one in a million."""


def largest_deviation_of_a_share(numbers: int) -> float:
    """How far a share among independent numbers may be from what is expected (Hoeffding; DRP-6)."""
    return math.sqrt(math.log(2 / FALSE_ALARMS) / (2 * numbers))


def distance_from_uniform(numbers: Array, limit: float) -> float:
    """Largest distance of the empirical distribution function from that of the uniform one on ±limit.

    It stays below `largest_deviation_of_a_share` as well (Dvoretzky, Kiefer, Wolfowitz; INT-3).
    """
    truth = (np.sort(numbers.ravel()).astype(float) + limit) / (2 * limit)
    steps = np.arange(truth.size + 1) / truth.size
    return float(max((steps[1:] - truth).max(), (truth - steps[:-1]).max()))
