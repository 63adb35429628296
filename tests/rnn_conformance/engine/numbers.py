"""The numbers of a case: how large they are, and how an array is filled with them.

Drawing each float on its own costs milliseconds. An array is filled either from a block of bytes, each
standing for a small dyadic number (these shrink to few, simple numbers), or from a seed (full mantissas,
without which weights rounded to a narrower type go unnoticed).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import numpy as np

from rnn_reference.network import Array

Regime = Literal[
    "moderate", "contractive", "damped", "saturating", "chaotic", "exact", "small", "tiny", "huge"
]

# (gain of W_x, gain of W_h, scale of x, b and h0). Gains are divided by the square root of the fan-in; those
# of "damped" by the fan-in, so that bounds do not grow with sizes, steps and layers.
GAINS: dict[Regime, tuple[float, float, float]] = {
    "moderate": (1, 1, 1),
    "contractive": (1, 0.5, 1),
    "damped": (1, 0.5, 1),
    "saturating": (8, 4, 1),
    "chaotic": (1, 4, 1),
    "exact": (1, 1, 1),  # integers, not divided: pre-activations are exact
    "small": (1, 1, 2.0**-11),  # float16 has fewer digits below 2⁻¹⁴
    "tiny": (1, 1, 2.0**-40),
    "huge": (1, 1, 2.0**20),
}

SPREAD: dict[Regime, float] = {"exact": 0, "damped": -1}
"""The power of the fan-in by which gains are multiplied, where it is not −1/2."""

BLOCK = 251
"""Bytes of one block. A prime, so that its repetition falls differently on every array."""

TABLE = 4093
"""Numbers made of one seed; a prime, too."""

SIMPLEST_FIRST = np.array(
    sorted(
        (Fraction(k, 64) for k in range(-128, 128)),
        key=lambda number: (number.denominator, abs(number), number < 0),
    ),
    dtype=float,
)
"""The number that each byte stands for: 0, 1, -1, 2, -2, 1/2, -1/2, 3/2, …"""

Grain = float | Literal["bytes", "fine"]
GRAINS: tuple[Grain, ...] = ("bytes", "bytes", 1.0, 0.25, "fine", "fine", "fine", "fine")
"""How arrays are filled: from bytes, or from a seed, rounded to multiples of a number or with full mantissas.
A case shrinks to bytes or whole numbers where it can."""

Fill = Callable[[tuple[int, ...]], Array]


def fill_from(numbers: Array, between: int, strides: tuple[int, ...]) -> Fill:
    """Places of the (endlessly repeated) numbers, `between` from array to array, `strides` along each axis.

    A place keeps its number while the array around it becomes smaller: without that, cases shrink badly.
    """
    arrays = 0

    def fill(shape: tuple[int, ...]) -> Array:
        nonlocal arrays
        places = np.array(between * arrays)
        for size, stride in zip(shape, strides[-len(shape) :], strict=True):
            places = places[..., None] + stride * np.arange(size)
        arrays += 1
        return numbers.take(places, mode="wrap")

    return fill


def fill_from_bytes(block: bytes) -> Fill:
    """Dyadic numbers in [-2, 2), a byte each."""
    return fill_from(SIMPLEST_FIRST[np.frombuffer(block, np.uint8)], 41, (97, 17, 1))


def fill_from_seed(seed: int, grain: Grain = "fine") -> Fill:
    """Normally distributed numbers, rounded to multiples of `grain`."""
    numbers = np.random.default_rng(seed).standard_normal(TABLE)
    if isinstance(grain, float):
        numbers = np.round(numbers / grain) * grain + 0.0  # no −0
    return fill_from(numbers, 509, (1031, 17, 1))


def fill_integers(seed: int) -> Fill:
    """Integers from -2 to 2."""
    return fill_from(np.random.default_rng(seed).integers(-2, 3, TABLE).astype(float), 509, (1031, 17, 1))
