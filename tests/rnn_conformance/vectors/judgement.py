"""What came of a vector, as it is told from one process to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import msgspec

Came: TypeAlias = Literal["pass", "fail", "deviation", "unsupported", "error"]
"""An error is the suite's own, or that of a route that cannot be taken."""


class Judgement(msgspec.Struct, frozen=True):
    """What came of a vector in one type on one route.

    Args:
        message: what is wrong, or why it could not be asked.
        record: the id of the known deviation that excuses it.
    """

    id: int
    clause: str
    dtype: str
    route: str
    came: Came
    message: str = ""
    record: str = ""


def counted(judgements: Iterable[Judgement]) -> dict[Came, int]:
    """How often each came."""
    counts = Counter(judgement.came for judgement in judgements)
    return {came: counts[came] for came in get_args(Came)}
