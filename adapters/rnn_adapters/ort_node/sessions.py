"""The harness in JavaScript as a process, one for all routes of a framework, and its sessions."""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

import msgspec
import numpy as np

from rnn_adapters.adapter import ImplementationLost
from rnn_adapters.onnx.adapter import Named
from rnn_adapters.ort_node import PACKAGES
from rnn_adapters.ort_node.installed import NPM
from rnn_adapters.stdio.connection import Connection
from rnn_adapters.stdio.messages import Request
from rnn_reference.errors import BadInput
from rnn_reference.network import Array


class Tensor(msgspec.Struct):
    """A tensor: its type by its name in JavaScript, its shape, and its bytes in C order."""

    type: str
    dims: list[int]
    data: bytes


class Versions(Request, tag="versions", kw_only=True):
    """Which versions compute?"""


class Open(Request, tag="open", kw_only=True):
    """Make a session of a model.

    Args:
        session: its number, by which it is called.
        model: the bytes of the model; empty where it is in a file.
        path: of the file.
        options: of `InferenceSession.create`.
        released: sessions that nobody asks for any more.
    """

    session: int
    model: bytes = b""
    path: str | None = None
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    released: list[int] = msgspec.field(default_factory=list)


class Run(Request, tag="call", kw_only=True):
    """Call a session, for all outputs.

    Args:
        preallocated: a tensor is given for each output.
    """

    session: int
    feeds: dict[str, Tensor]
    preallocated: bool = False


class Process:
    """The harness of one package.

    Raises:
        BadInput: Node or the package is missing, or the harness cannot be asked.
    """

    def __init__(self, framework: str) -> None:
        package = PACKAGES[framework]
        NPM.expect(framework, package)
        self._numbers = itertools.count()
        self._released: deque[int] = deque()
        with as_file(files("rnn_adapters.ort_node") / "js" / "main.js") as script:
            self.connection = Connection(["node", str(script), str(NPM.folder()), package])
            try:
                self.versions: dict[str, str] = self._asked(Versions(), dict[str, str])
            except ImplementationLost as lost:
                raise BadInput(f"adapter {framework!r} cannot be asked: its process {lost.how}") from None

    def open(self, model: bytes = b"", path: str | None = None, **options: Any) -> Session:
        """A session of a model, or of the file of one; its memory is given back when nobody has it."""
        number = next(self._numbers)
        released = [self._released.popleft() for _ in range(len(self._released))]
        self._asked(Open(session=number, model=model, path=path, options=options, released=released), Any)
        session = Session(self, number)
        weakref.finalize(session, self._released.append, number)
        return session

    def call(self, session: int, feeds: Named, *, preallocated: bool) -> Named:
        """All outputs of a session, by name."""
        given = {name: tensor_of(array) for name, array in feeds.items()}
        request = Run(session=session, feeds=given, preallocated=preallocated)
        found: Mapping[str, Tensor] = self._asked(request, dict[str, Tensor])
        return {name: array_of(tensor) for name, tensor in found.items()}

    def _asked(self, request: Request, kind: Any) -> Any:
        return self.connection.read(self.connection.exchange(request), request, kind)


class Session:
    """An `InferenceSession` of the harness."""

    def __init__(self, process: Process, number: int) -> None:
        self._process, self._number = process, number

    def run(self, feeds: Named, *, preallocated: bool = False) -> Named:
        """All outputs by name.

        Raises:
            Refused: ONNX Runtime raised.
            ImplementationLost: the harness ended, or was silent.
        """
        return self._process.call(self._number, feeds, preallocated=preallocated)


_running: dict[str, Process] = {}


def process_of(framework: str) -> Process:
    """The process of a framework that is running, or a new one.

    Raises:
        BadInput: see `Process`.
    """
    if not (framework in _running and _running[framework].connection.open):
        _running[framework] = Process(framework)
    return _running[framework]


def close(framework: str) -> None:
    """Close the process of a framework; nothing where none runs."""
    if framework in _running:
        _running.pop(framework).connection.close()


def tensor_of(array: Array) -> Tensor:
    """An array as a tensor."""
    return Tensor(array.dtype.name, list(array.shape), np.ascontiguousarray(array).tobytes())


def array_of(tensor: Tensor) -> Array:
    """A tensor as an array."""
    return np.frombuffer(tensor.data, tensor.type).reshape(tensor.dims)
