"""The harness in JavaScript as a process: one for all routes."""

from __future__ import annotations

from importlib.resources import as_file, files

from rnn_adapters.adapter import ImplementationLost
from rnn_adapters.stdio.client import Harness
from rnn_adapters.stdio.connection import Connection
from rnn_adapters.tfjs.installed import NPM, PACKAGE
from rnn_reference.errors import BadInput

_started: list[Harness] = []
"""The one that is running; an adapter that is closed ends it for all routes."""


def harness() -> Harness:
    """The harness that is running, or a new one.

    Raises:
        BadInput: Node or TensorFlow.js is missing, or the harness cannot be asked.
    """
    if not (_started and _started[0].connection.open):
        _started[:] = [_start()]
    return _started[0]


def _start() -> Harness:
    NPM.expect("tfjs", PACKAGE)
    with as_file(files("rnn_adapters.tfjs") / "js") as scripts:
        try:
            return Harness(Connection(["node", str(scripts / "main.js"), str(NPM.folder())]))
        except ImplementationLost as lost:
            raise BadInput(f"adapter 'tfjs' cannot be asked: its process {lost.how}") from None
