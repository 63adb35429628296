"""Products of rounded factors: how far weights and inputs are from those that were given (DTY-15).

A factor is rounded to a grid: equally spaced numbers, of which 0 is one. A matrix of weights has one spacing,
from its largest number; an input, or a state, has one in each time step, from the range of the whole batch in
it. Or weights are rounded to a narrow type (DTY-16): then it is known what they become, and nothing is off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell
from rnn_reference.precision import NARROW, precision_of

ROUNDINGS = 3
"""Of a product on grids besides those of sums: the two spacings multiplied, a sum of integers as float, and
both."""


@dataclass(frozen=True)
class Quantised:
    """What factors are rounded to: weights to a grid or to a type, inputs and states to a grid or to nothing.

    Args:
        weight_intervals: so many spacings is the largest |weight| of a matrix from 0; None: there is no grid.
        input_intervals: so many spacings is the largest number of a batch in a time step from the smallest,
            0 being one of them; None: they are multiplied as they are.
        least_weight_spacing, least_input_spacing: what spacings are not below, however small the numbers.
        weight_dtype: the type that weights are rounded to, "float16" or "bfloat16", in place of a grid.

    Raises:
        BadInput: a number that is not finite, or not above 0 (a least spacing may be 0); a type that is not
            known; weights that have neither a grid nor a type, or both; or a least spacing without a grid.
    """

    weight_intervals: float | None = None
    input_intervals: float | None = None
    least_weight_spacing: float = 0.0
    least_input_spacing: float = 0.0
    weight_dtype: str | None = None

    def __post_init__(self) -> None:
        for factor in ("weight", "input"):
            intervals, least = f"{factor}_intervals", f"least_{factor}_spacing"
            _check(intervals, getattr(self, intervals), may_be_zero=False)
            _check(least, getattr(self, least), may_be_zero=True)
            if getattr(self, intervals) is None and getattr(self, least):
                raise BadInput(
                    f"Quantised.{least}: expected 0 without {intervals}; got {getattr(self, least)!r}"
                )
        known = [dtype.name for dtype in NARROW]
        if self.weight_dtype is not None and self.weight_dtype not in known:
            raise BadInput(
                f"Quantised.weight_dtype: expected one of {', '.join(known)}; got {self.weight_dtype!r}"
            )
        if (self.weight_intervals is None) == (self.weight_dtype is None):
            got = "neither" if self.weight_dtype is None else "both"
            raise BadInput(f"Quantised: expected weight_intervals or weight_dtype; got {got}")

    @property
    def on_grids(self) -> bool:
        """Whether any factor is rounded to a grid."""
        return self.weight_intervals is not None or self.input_intervals is not None

    @property
    def unit_roundoff(self) -> float:
        """The counterpart of u: the largest error of an input, in units of its range, or else of a weight.

        It is u itself where there is no grid, as the weights that are multiplied are known.
        """
        intervals = self.input_intervals or self.weight_intervals
        return precision_of(np.dtype(np.float32)).unit_roundoff if intervals is None else 1 / (2 * intervals)

    def multiplied(self, cell: Cell) -> Cell:
        """The cell with the weights that are multiplied, as far as they are known: those of a narrow type."""
        if self.weight_dtype is None:
            return cell
        return replace(cell, W_x=self._narrowed(cell.W_x), W_h=self._narrowed(cell.W_h))

    def _narrowed(self, W: Array) -> Array:
        """Weights rounded to the nearest number of the type; one beyond its largest number becomes that."""
        dtype = np.dtype(self.weight_dtype)
        largest = precision_of(dtype).largest
        nearest: Array = W.clip(-largest, largest).astype(dtype).astype(W.dtype)
        return nearest

    def weight_error(self, W: Array) -> Array:
        """How far each weight of a matrix may be from the one that was given, on a grid."""
        if self.weight_intervals is None:
            return np.zeros_like(W)
        spacing = np.abs(W).max(initial=0) / self.weight_intervals
        return _rounding(np.abs(W), np.maximum(spacing, self.least_weight_spacing))

    def input_error(self, x: Array, x_error: Array | float = 0.0) -> Array:
        """How far each number of an input may be from what it was, which is x within `x_error`.

        Args:
            x: (batch, …, features): time steps between the two.
        """
        if self.input_intervals is None:
            return np.zeros_like(x)
        axes = (0, -1)
        largest = (x + x_error).max(axis=axes, initial=0, keepdims=True)
        smallest = (x - x_error).min(axis=axes, initial=0, keepdims=True)
        spacing = (largest - smallest) / self.input_intervals
        return _rounding(np.abs(x) + x_error, np.maximum(spacing, self.least_input_spacing))


def _check(name: str, value: float | None, may_be_zero: bool) -> None:
    """Refuse what is given and is no size.

    Raises:
        BadInput: it is not finite, or not above 0.
    """
    if value is not None and (not math.isfinite(value) or value < 0 or not (value or may_be_zero)):
        wanted = "of 0 or more" if may_be_zero else "above 0"
        raise BadInput(f"Quantised.{name}: expected a finite number {wanted}; got {value!r}")


def _rounding(size: Array, spacing: Array) -> Array:
    """|Δ| ≤ min(s/2, |a|) + 6 u |a|: to the nearest number of the grid, by a quotient in float32.

    Where a range has no end there is no grid, and no claim.
    """
    error = np.minimum(spacing / 2, size) + 6 * precision_of(np.dtype(np.float32)).unit_roundoff * size
    unbounded: Array = np.where(spacing < np.inf, error, np.inf)
    return unbounded
