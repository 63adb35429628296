"""Facts about floating-point types that the bounds are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from rnn_reference.exact import UNIT_ROUNDOFF, computing_exactly, exact_array

EXACT = np.dtype(object)
"""The type of arrays of exact numbers."""

NARROW = tuple(np.dtype(name) for name in ("float16", ml_dtypes.bfloat16))
"""Types in which numbers are kept and multiplied, but not summed."""


class Precision(NamedTuple):
    """One floating-point type."""

    unit_roundoff: float  # u: half the distance from 1 to the next number
    underflow: float  # λ: what a number may lose by being small
    largest: float


_SAID: ContextVar[Precision | None] = ContextVar("_SAID", default=None)


@contextmanager
def float64_computed_in(dtype: Any) -> Iterator[None]:
    """While it lasts, bounds are those of float64 that is computed in a narrower type.

    Its u counts twice: operands are rounded to that type, too. A sum of n ≥ 2 products, bounded by n u, has
    besides the roundings of two operands in each.
    """
    narrower = _precision_of(np.dtype(dtype))
    before = _SAID.set(narrower._replace(unit_roundoff=2 * narrower.unit_roundoff))
    try:
        yield
    finally:
        _SAID.reset(before)


def said_of_float64() -> Precision | None:
    """The precision that float64 is said to have now; None: its own. Bounds that are kept are those of it."""
    return _SAID.get()


def precision_of(dtype: Any) -> Precision:
    """The precision of a NumPy dtype; that of float64 is another within `float64_computed_in`.

    float32: u = 2**-24, λ = 2**-126. float64: u = 2**-53, λ = 2**-1022. bfloat16: u = 2**-8, λ = 2**-126.
    These λ are the smallest normal numbers, below which numbers may be flushed to zero. In float16 that
    would be felt and is not allowed (DTY-4): u = 2**-11, λ = 2**-24, the smallest number there is. Exact
    numbers (`rnn_reference.exact`) have 60 decimal digits and lose nothing by being small.
    """
    said = _SAID.get()
    return said if said is not None and np.dtype(dtype) == np.float64 else _precision_of(dtype)


@cache
def _precision_of(dtype: Any) -> Precision:
    if np.dtype(dtype) == EXACT:
        return Precision(UNIT_ROUNDOFF, underflow=0.0, largest=float("inf"))
    info: Any = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call] # it has no types
    limits = np.finfo(np.float64)  # what lies beyond float64 is not needed
    smallest = info.smallest_subnormal if np.dtype(dtype) == np.float16 else info.smallest_normal
    return Precision(
        unit_roundoff=float(info.eps) / 2,
        underflow=max(float(smallest), float(limits.smallest_normal)),
        largest=min(float(info.max), float(limits.max)),
    )


def summed_in(dtype: Any) -> np.dtype[Any]:
    """The type in which products of numbers of `dtype` are summed: float32 for narrow types (DTY-3)."""
    return np.dtype(np.float32) if np.dtype(dtype) in NARROW else np.dtype(dtype)


def reference_dtype(dtype: Any) -> np.dtype[Any]:
    """The type in which the reference computes what a framework computes in `dtype`.

    float64 for anything narrower, `longdouble` for float64. On platforms where longdouble is float64,
    the bounds count the rounding errors of both sides. Within `exact_numbers()` it is that of exact numbers.
    """
    if computing_exactly():
        return EXACT
    return np.dtype(np.longdouble if np.dtype(dtype).itemsize >= 8 else np.float64)


def widened(array: NDArray[Any], wide: Any) -> NDArray[Any]:
    """The same numbers in the type in which the reference computes."""
    return exact_array(array) if wide == EXACT else array.astype(wide)
