"""worker: a framework in a Python environment of its own, asked over the protocol.

Such a framework needs other versions of what the suite needs, NumPy above all. Its environment holds the
framework, NumPy, ml_dtypes and msgspec; this project's own packages are lent to it (`main.py`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnn_adapters.stdio.client import Harness

TO_START = 300.0
"""Seconds that a worker may take to import its framework, on a machine that is busy."""

_running: dict[str, Harness] = {}
"""By framework, the worker that is running; an adapter that is closed ends it for all routes."""


def variable(framework: str) -> str:
    """The environment variable that names the Python of its environment."""
    return f"RNN_CONFORMANCE_{framework.upper()}"


def is_here(framework: str) -> bool:
    """Whether it is installed beside the suite, or this process is its worker."""
    return find_spec(framework) is not None


def missing(framework: str) -> Sequence[str]:
    """What is missing to ask it, in words; nothing is started to tell."""
    if is_here(framework):
        return ()
    python = os.environ.get(variable(framework), "")
    if not python:
        return (f"the Python of an environment that has {framework}, which {variable(framework)} names",)
    return () if shutil.which(python) else (f"the Python that {variable(framework)} names, {python}",)


def harness(framework: str) -> Harness:
    """The worker that is running, or a new one.

    Raises:
        BadInput: there is no such Python, or it cannot be asked.
    """
    from rnn_adapters.adapter import ImplementationLost
    from rnn_adapters.stdio.client import Harness
    from rnn_adapters.stdio.connection import Connection
    from rnn_adapters.stdio.messages import DEADLINE
    from rnn_reference.errors import BadInput

    known = _running.get(framework)
    if known is not None and known.connection.open:
        return known
    if lacking := missing(framework):
        raise BadInput(f"adapter {framework!r} needs {' and '.join(lacking)}")
    command = [os.environ[variable(framework)], "-I", str(Path(__file__).with_name("main.py")), framework]
    try:
        made = Harness(Connection(command, TO_START))
    except ImplementationLost as lost:
        raise BadInput(f"adapter {framework!r} cannot be asked: its process {lost.how}") from None
    made.connection.deadline = DEADLINE
    _running[framework] = made
    return made
