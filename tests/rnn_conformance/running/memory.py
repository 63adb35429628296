"""The memory of this process, as the system tells it."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def memory_mib() -> float:
    """Resident memory now; on other systems than Linux its peak until now, and 0 where that is not told."""
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return peak_memory_mib()


def peak_memory_mib() -> float:
    """Peak resident memory of this process; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return in_mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def in_mib(maxrss: float) -> float:
    """What the system calls `ru_maxrss`, in MiB."""
    return maxrss / (2**20 if sys.platform == "darwin" else 2**10)
