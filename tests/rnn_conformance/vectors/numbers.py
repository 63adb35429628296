"""Numbers that are the same on every machine: Python promises what `random.Random(seed).random()` gives."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Literal, TypeAlias

import numpy as np

from rnn_reference.network import Array

Grain: TypeAlias = Literal["coarse", "fine", "double", "integer"]
"""How many digits numbers have.

    coarse   8 bits: every type holds them
    fine     24 bits: float32 and float64 hold them, and narrow types do not
    double   53 bits: float64 alone holds them
    integer  −2 … 2
"""

BITS: dict[Grain, int] = {"coarse": 7, "fine": 23, "double": 52, "integer": 1}


class Numbers:
    """A source of arrays of float64.

    Args:
        name: the same name gives the same numbers.
    """

    def __init__(self, name: str) -> None:
        self._random = Random(name).random

    def array(self, shape: tuple[int, ...], grain: Grain, reach: float = 1.0) -> Array:
        """Numbers in [−reach, reach), multiples of reach / 2^bits; integers at most 2 · reach in size.

        Args:
            reach: a power of two.
        """
        if grain == "integer":
            numbers = [int(self._random() * 5) - 2 for _ in range(prod(shape))]
        else:
            steps = 2 ** BITS[grain]
            numbers = [(int(self._random() * 2 * steps) - steps) / steps for _ in range(prod(shape))]
        return np.array(numbers, np.float64).reshape(shape) * reach + 0.0  # no −0
