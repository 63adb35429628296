"""Where numbers are computed: what of a machine and its software may change the last bits of a result."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

PACKAGES = ("numpy", "hypothesis", "ml_dtypes")
"""What the suite itself draws and computes with."""

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "XLA_FLAGS",
    "MKL_CBWR",
)
"""Variables on which depends in what order libraries add."""


class Environment(msgspec.Struct, kw_only=True, frozen=True):
    """Where a run was made.

    Args:
        processor: its model where the system tells, else its architecture.
        cores: that this process may use; libraries start as many threads where nothing else is said.
        packages: versions of what the suite computes with.
        threads: the variables that are set and say how many threads there are.
    """

    python: str = ""
    implementation: str = ""  # "CPython"
    platform: str = ""
    processor: str = ""
    cores: int = 0
    packages: dict[str, str] = {}
    threads: dict[str, str] = {}


def this_environment() -> Environment:
    """That of this process. Nothing is imported for it."""
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        platform=platform.platform(),
        processor=_processor(),
        cores=_cores(),
        packages={name: _version(name) for name in PACKAGES},
        threads={name: os.environ[name] for name in THREADS if name in os.environ},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # found on the path, and not installed
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
