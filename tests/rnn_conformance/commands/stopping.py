"""Commands whose work is done in processes, which a signal ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rnn_conformance.report.status import INTERRUPTED

if TYPE_CHECKING:
    from rnn_conformance.running.process import Stop


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Ends all workers when a signal comes, and then this process."""
    from rnn_conformance.running.jobs import ended_by_signals
    from rnn_conformance.running.process import Stop, Stopped

    stop = Stop()
    try:
        with ended_by_signals(stop):
            yield stop
    except Stopped:
        sys.exit(128 + stop.signal if stop.signal else INTERRUPTED)
