"""How far the numbers of two versions are from each other, and which are nearer to the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from rnn_adapters.written import read_array
from rnn_adapters.written_arrays import DTYPES
from rnn_conformance.running.drift import Drift, DriftCase, Kept
from rnn_reference.errors import BadInput
from rnn_reference.network import Array

QUANTILES = ("0.5", "0.9", "0.99")

Part = Literal["outputs", "gradients"]
PARTS: tuple[Part, ...] = ("outputs", "gradients")


class Moved(msgspec.Struct, kw_only=True):
    """What the cases of one kind show.

    Args:
        elements: how many numbers were compared; of these `changed` are not the same to the bit.
        ulps: the largest distance of two numbers, in units in the last place; None where a number became NaN
            or was.
        quantiles: of the distance, over all elements, by name.
        old_worst, new_worst: the largest error ÷ bound.
        old_mean, new_mean: the mean error ÷ bound.
    """

    kind: str
    part: Part
    cases: int
    elements: int
    changed: int
    ulps: int | None
    quantiles: dict[str, float]
    old_worst: float
    new_worst: float
    old_mean: float
    new_mean: float

    @property
    def nearer(self) -> int:
        """1 where the new numbers are nearer to the truth in the mean, −1 where they are farther, else 0."""
        return (self.new_mean < self.old_mean) - (self.new_mean > self.old_mean)


class DriftDifference(msgspec.Struct, kw_only=True):
    """What changed in the numbers from one version to another.

    Args:
        compared: how many cases both have answered.
        moved: for each kind of case.
        missing: cases that only one has been asked, or of which another one was asked.
        problems: for each case that one or both could not answer: what was said then and now, "" for an
            answer. Those of which both said the same are left out.
    """

    compared: int
    moved: list[Moved] = []
    missing: list[str] = []
    problems: dict[str, tuple[str, str]] = {}

    @property
    def bit_equal(self) -> bool:
        """Whether every number that both have computed is the same to the bit."""
        return not any(each.changed for each in self.moved)


def drift_between(old: Drift, new: Drift) -> DriftDifference:
    """How far the numbers of two versions of one adapter are from each other.

    Raises:
        BadInput: they are of different adapters, or of no case in common.
    """
    if old.adapter != new.adapter:
        raise BadInput(
            f"drift files: expected two of one adapter; got those of {old.adapter} and {new.adapter}"
        )
    names = {**old.cases, **new.cases}
    both = {
        name: (old.cases[name], new.cases[name])
        for name in names
        if name in old.cases and name in new.cases and old.cases[name].digest == new.cases[name].digest
    }
    if not both:
        raise BadInput(
            f"drift files of {new.adapter}: expected cases in common; got those of suites"
            f" {old.suite_version} and {new.suite_version}, which have none"
        )
    found = DriftDifference(
        compared=sum(bool(one.outputs and other.outputs) for one, other in both.values()),
        missing=[name for name in names if name not in both],
        problems={
            name: (one.problem, other.problem)
            for name, (one, other) in both.items()
            if one.problem != other.problem
        },
    )
    groups: dict[str, list[tuple[DriftCase, DriftCase]]] = {}
    for one, other in both.values():
        groups.setdefault(one.kind, []).append((one, other))
    for kind, cases in groups.items():
        found.moved += filter(None, (_moved(kind, part, cases) for part in PARTS))
    return found


def _moved(kind: str, part: Part, cases: list[tuple[DriftCase, DriftCase]]) -> Moved | None:
    """What the cases of a kind show in one part; None where there is nothing that both have computed."""
    of_cases = [list(_pairs(getattr(one, part), getattr(other, part))) for one, other in cases]
    pairs = [pair for pairs in of_cases for pair in pairs]
    if not pairs:
        return None
    ulps = np.concatenate([ulps_between(*pair.values).ravel() for pair in pairs])
    quantiles = np.quantile(ulps, [float(name) for name in QUANTILES], method="higher")
    largest = ulps.max()
    return Moved(
        kind=kind,
        part=part,
        cases=sum(map(bool, of_cases)),
        elements=ulps.size,
        changed=sum(_changed(*pair.values) for pair in pairs),
        ulps=int(largest) if np.isfinite(largest) else None,
        quantiles={
            name: min(float(value), FARTHEST) for name, value in zip(QUANTILES, quantiles, strict=True)
        },
        old_worst=max(pair.old.worst for pair in pairs),
        new_worst=max(pair.new.worst for pair in pairs),
        old_mean=sum(pair.old.mean * pair.values[0].size for pair in pairs) / ulps.size,
        new_mean=sum(pair.new.mean * pair.values[0].size for pair in pairs) / ulps.size,
    )


FARTHEST = 2.0**64
"""Stands for the distance of NaN from a number in quantiles: JSON has no infinity."""


class _Pair(NamedTuple):
    """An array of both versions: as it was kept, and its values."""

    old: Kept
    new: Kept
    values: tuple[Array, Array]


def _pairs(old: Mapping[str, Kept], new: Mapping[str, Kept]) -> Iterator[_Pair]:
    """The arrays that both have, of one type and shape, and not empty."""
    for name, one in old.items():
        other = new.get(name)
        if other is None or one.dtype != other.dtype:
            continue
        first, second = (read_array(kept.values, DTYPES[kept.dtype], name) for kept in (one, other))
        if first.size and first.shape == second.shape:
            yield _Pair(one, other, (first, second))


def _changed(one: Array, other: Array) -> int:
    """How many elements are not the same to the bit; the payload of a NaN is none of its bits."""
    same = (_bits(one) == _bits(other)) | (np.isnan(one) & np.isnan(other))
    return int(np.count_nonzero(~same))


def _bits(array: Array) -> np.ndarray[Any, np.dtype[np.signedinteger[Any]]]:
    return array.view(f"i{array.dtype.itemsize}")


def ulps_between(one: Array, other: Array) -> Array:
    """How many steps from number to next number lie between two arrays of one type and shape, as float64.

    0 and −0 are one number here. NaN is infinitely far from all but NaN.
    """
    with np.errstate(invalid="ignore"):
        apart = np.isnan(one) != np.isnan(other)
        alike = np.isnan(one) & np.isnan(other)
    # Beyond 2⁵³ a distance is rounded, which nobody will mind.
    steps = np.abs(_place(one).astype(np.float64) - _place(other).astype(np.float64))
    near = np.abs(_place(one) - _place(other)).astype(np.float64)
    distance = np.where(steps < 2.0**52, near, steps)
    return np.where(apart, np.inf, np.where(alike, 0.0, distance))


def _place(array: Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The place of each number among all numbers of its type, 0 for 0."""
    bits = _bits(array).astype(np.int64)
    lowest = np.int64(-(2 ** (8 * array.dtype.itemsize - 1)))
    return np.where(bits < 0, lowest - bits, bits)
