"""Facts about floating-point types that the bounds are made of."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np


class Precision(NamedTuple):
    """One floating-point type."""

    unit_roundoff: float  # u: half the distance from 1 to the next number
    smallest_normal: float  # λ: below it, numbers lose bits or are flushed to zero
    largest: float


@cache
def precision_of(dtype: Any) -> Precision:
    """The precision of a NumPy dtype.

    float32: u = 2**-24, λ = 2**-126. float64: u = 2**-53, λ = 2**-1022.
    """
    info, limits = np.finfo(dtype), np.finfo(np.float64)  # what lies beyond float64 is not needed
    return Precision(
        unit_roundoff=float(info.eps) / 2,
        smallest_normal=max(float(info.smallest_normal), float(limits.smallest_normal)),
        largest=min(float(info.max), float(limits.max)),
    )


@cache
def reference_dtype(dtype: Any) -> np.dtype[Any]:
    """The type in which the reference computes what a framework computes in `dtype`.

    float64 for anything narrower, `longdouble` for float64. On platforms where longdouble is float64,
    the bounds count the rounding errors of both sides.
    """
    return np.dtype(np.longdouble if np.dtype(dtype).itemsize >= 8 else np.float64)
