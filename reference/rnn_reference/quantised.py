"""Products of rounded factors: how far weights and inputs are from those that were given (DTY-15).

Each factor is rounded to a grid of equally spaced numbers, of which 0 is one. A matrix of weights has one
spacing, from its largest number; an input, or a state, has one in each time step, from the range of the
whole batch in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from rnn_reference.errors import BadInput
from rnn_reference.network import Array
from rnn_reference.precision import precision_of

ROUNDINGS = 3
"""Of a product besides those of sums: the two spacings multiplied, a sum of integers as float, and both."""


@dataclass(frozen=True)
class Quantised:
    """The grids that factors are rounded to.

    Args:
        weight_intervals: so many spacings is the largest |weight| of a matrix from 0.
        input_intervals: so many spacings is the largest number of a batch in a time step from the smallest,
            0 being one of them.
        least_weight_spacing, least_input_spacing: what spacings are not below, however small the numbers.

    Raises:
        BadInput: a number that is not finite, or not above 0; a least spacing may be 0.
    """

    weight_intervals: float
    input_intervals: float
    least_weight_spacing: float = 0.0
    least_input_spacing: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value, least = getattr(self, each.name), each.name.startswith("least")
            if not math.isfinite(value) or value < 0 or not (value or least):
                wanted = "of 0 or more" if least else "above 0"
                raise BadInput(f"Quantised.{each.name}: expected a finite number {wanted}; got {value!r}")

    @property
    def unit_roundoff(self) -> float:
        """The largest error of an input, in units of its range: the counterpart of u."""
        return 1 / (2 * self.input_intervals)

    def weight_error(self, W: Array) -> Array:
        """How far each weight of a matrix may be from the one that was given."""
        spacing = np.abs(W).max(initial=0) / self.weight_intervals
        return _rounding(np.abs(W), np.maximum(spacing, self.least_weight_spacing))

    def input_error(self, x: Array, x_error: Array | float = 0.0) -> Array:
        """How far each number of an input may be from what it was, which is x within `x_error`.

        Args:
            x: (batch, …, features): time steps between the two.
        """
        axes = (0, -1)
        largest = (x + x_error).max(axis=axes, initial=0, keepdims=True)
        smallest = (x - x_error).min(axis=axes, initial=0, keepdims=True)
        spacing = (largest - smallest) / self.input_intervals
        return _rounding(np.abs(x) + x_error, np.maximum(spacing, self.least_input_spacing))


def _rounding(size: Array, spacing: Array) -> Array:
    """|Δ| ≤ min(s/2, |a|) + 6 u |a|: to the nearest number of the grid, by a quotient in float32.

    Where a range has no end there is no grid, and no claim.
    """
    error = np.minimum(spacing / 2, size) + 6 * precision_of(np.dtype(np.float32)).unit_roundoff * size
    unbounded: Array = np.where(spacing < np.inf, error, np.inf)
    return unbounded
