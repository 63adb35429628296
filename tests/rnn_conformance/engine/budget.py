"""How long a run may spend on making failing cases small."""

from __future__ import annotations

import time

GRACE = 8.0
"""Seconds of a run that shrinking may take, beside as long as the drawing took."""


class Purse:
    """The time that shrinking may take; shared by all clauses of a run.

    A failing run thus takes at most about twice as long as a passing one. Time is that of the processor, so
    that a busy machine finds the same small cases as an idle one; or that in which an implementation was
    waited for, where that is more, as for one in a process of its own.
    """

    def __init__(self) -> None:
        self.seconds = GRACE
        self.waited = 0.0
        self._began = time.process_time()

    def now(self) -> float:
        """The seconds since it was made."""
        return max(time.process_time() - self._began, self.waited)

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
