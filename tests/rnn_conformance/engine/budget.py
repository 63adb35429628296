"""How long a run may spend on making failing cases small."""

from __future__ import annotations

GRACE = 3.0
"""Seconds of a run that shrinking may take, beside as long as the drawing took."""


class Purse:
    """The time that shrinking may take; shared by all clauses of a run.

    A failing run thus takes at most about twice as long as a passing one.
    """

    def __init__(self) -> None:
        self.seconds = GRACE

    def earn(self, seconds: float) -> None:
        """Drawing took so long."""
        self.seconds += seconds

    def spend(self, seconds: float) -> None:
        """Shrinking took so long."""
        self.seconds -= seconds

    @property
    def share(self) -> float:
        """What one search may take."""
        return max(self.seconds / 4, 0.0)
