"""Values and bounds → verdict, and the words for a difference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnn_conformance.engine.results import Kind
from rnn_reference.bounds import Bounded
from rnn_reference.network import Array
from rnn_reference.precision import precision_of
from rnn_reference.quantised import Quantised

INFORMATIVE = 1e-3
"""A bound says something while it is within this share of the largest expected value. Elements with a wider
bound are compared all the same, but do not count as evidence."""

INFORMATIVE_UNITS = 32
"""The same in units of u, for types so narrow, or grids so coarse, that this is more."""


LARGEST_RATIO = 1e300
"""Reported for an error where the bound is zero or the value is NaN."""


QUANTILES = ("0.5", "0.9", "0.99")
"""Of the distribution of error ÷ bound, in the results."""


class NonConforming(AssertionError):
    """The implementation's answer is not what the clause asks for.

    Args:
        finding: what is wrong, in words.
        ratio: error ÷ bound of the worst element, where there is one.
        kind: what kind of thing is wrong.
        what: the quantity that is wrong, such as "final states of layer 1".
    """

    def __init__(self, finding: str, ratio: float = 0.0, *, kind: Kind = "value", what: str = "") -> None:
        super().__init__(finding)
        self.finding = finding
        self.ratio = ratio
        self.kind = kind
        self.what = what


@dataclass
class Tally:
    """What a check has looked at."""

    cases: int = 0
    deviating_cases: int = 0  # covered by a known deviation, and therefore not asserted
    refused_cases: int = 0  # for which the route has no words
    elements: int = 0
    informative: int = 0
    worst_ratio: float = 0.0  # largest error ÷ bound
    ratios: list[Array] = field(default_factory=list)  # error ÷ bound of every element within one
    framework_seconds: float = 0.0

    def quantiles(self) -> dict[str, float]:
        """Quantiles of error ÷ bound; none where nothing was compared within a bound."""
        if not self.ratios:
            return {}
        found = np.quantile(np.concatenate(self.ratios), [float(name) for name in QUANTILES])
        return dict(zip(QUANTILES, map(float, found), strict=True))

    def add(self, other: Tally) -> None:
        """Count what another tally has counted, too."""
        self.cases += other.cases
        self.deviating_cases += other.deviating_cases
        self.refused_cases += other.refused_cases
        self.framework_seconds += other.framework_seconds
        self.ratios += other.ratios
        self.elements += other.elements
        self.informative += other.informative
        self.worst_ratio = max(self.worst_ratio, other.worst_ratio)

    def count(self, facts: int = 1) -> None:
        """Count exact facts (a shape, a number, an error raised) that were found as asked."""
        self.elements += facts
        self.informative += facts


def require(condition: bool, finding: str, kind: Kind = "value") -> Tally:
    """One exact fact.

    Raises:
        NonConforming: the condition does not hold.
    """
    if not condition:
        raise NonConforming(finding, kind=kind)
    return Tally(elements=1, informative=1)


def require_array(what: str, actual: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    """`actual`, which must be an array of this shape and dtype.

    Raises:
        NonConforming: it is not.
    """
    if not isinstance(actual, np.ndarray):
        got = "None" if actual is None else type(actual).__name__
        expected = f"expected an array of shape {shape}; got {got}"
        raise NonConforming(f"{what}: {expected}", kind="wrong return", what=what)
    if actual.shape != shape:
        raise NonConforming(f"{what}: expected shape {shape}; got {actual.shape}", kind="shape", what=what)
    if actual.dtype != dtype:
        raise NonConforming(
            f"{what}: expected dtype {np.dtype(dtype)}; got {actual.dtype}", kind="dtype", what=what
        )
    return actual


def compare(
    what: str,
    actual: Any,
    expected: Bounded,
    dtype: Any,
    axes: tuple[str, ...],
    quantised: Quantised | None = None,
) -> Tally:
    """Every element of `actual` against its expected value and bound.

    NaN is equal to NaN alone, an infinity to itself. Where the bound is infinite there is no claim, and
    where the array is empty there is no evidence.

    Args:
        what: what the array is, for the message.
        expected: values and bounds in the reference's type.
        dtype: the type that `actual` must have.
        axes: what the axes are, such as ("batch", "time", "unit").
        quantised: the grids that the implementation computes on.

    Raises:
        NonConforming: not an array, wrong shape or dtype, or an element out of its bound.
    """
    value, bound = expected.value, expected.bound
    actual = require_array(what, actual, value.shape, dtype)
    if actual.size == 0:
        return Tally()
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(actual.astype(value.dtype) - value)
        same_special = (np.isnan(actual) & np.isnan(value)) | (np.isinf(value) & (actual == value))
        unclaimed = np.isinf(bound) | (np.isnan(bound) & ~np.isnan(value))
        wrong = ~((error <= bound) | same_special | unclaimed)
    if wrong.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.nan_to_num((error / bound)[wrong], nan=np.inf).max()
        # JSON has no infinity.
        raise NonConforming(
            _first_difference(what, actual, value, error, bound, wrong, axes),
            min(float(ratio), LARGEST_RATIO),
            what=what,
        )
    claimed = ~(unclaimed | same_special)
    ratio = np.divide(error, bound, out=np.zeros_like(error), where=claimed & (bound > 0))
    finite = np.abs(value[np.isfinite(value)])
    scale = finite.max() if finite.size else 0.0
    unit = (quantised or precision_of(np.dtype(dtype))).unit_roundoff
    share = max(INFORMATIVE, INFORMATIVE_UNITS * unit)
    informative = (same_special & ~unclaimed) | (claimed & (bound <= share * scale))
    within = ratio[claimed & (bound > 0)]
    return Tally(
        elements=int(np.count_nonzero(~unclaimed)),
        informative=int(np.count_nonzero(informative)),
        worst_ratio=float(ratio.max()),
        ratios=[within.astype(np.float64)] if within.size else [],
    )


def _first_difference(
    what: str,
    actual: Array,
    value: Array,
    error: Array,
    bound: Array,
    wrong: Array,
    axes: tuple[str, ...],
) -> str:
    """The difference earliest in time, in words."""
    places = np.argwhere(wrong)
    if "time" in axes:
        places = places[np.argsort(places[:, axes.index("time")], kind="stable")]
    place = tuple(int(index) for index in places[0])
    where = ", ".join(f"{axis} {index}" for axis, index in zip(axes, place, strict=True))
    ratio = error[place] / bound[place] if bound[place] > 0 else np.inf
    return (
        f"{what}: {len(places)} of {actual.size} values are out of bound; the first at {where}:\n"
        f"  value    {_number(actual[place])}\n"
        f"  expected {_number(value[place])}\n"
        f"  error    {float(error[place]):.3g}\n"
        f"  bound    {float(bound[place]):.3g}   (error ÷ bound = {float(ratio):.3g})"
    )


def _number(value: Any) -> str:
    return (
        np.format_float_positional(value, unique=True)
        if 1e-4 <= abs(float(value)) < 1e6
        else f"{float(value)!r}"
    )
