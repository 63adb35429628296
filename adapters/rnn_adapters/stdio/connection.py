"""A harness as a process: a line to it, a line from it, and what is said when it does not keep to that.

Two threads write and read, so that neither a full pipe nor an endless line keeps anybody waiting for longer
than the deadline.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import subprocess
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from rnn_adapters.adapter import CannotExpress, ImplementationLost
from rnn_adapters.stdio.messages import (
    ANSWERS,
    CANNOT_EXPRESS,
    CLOSING_SECONDS,
    DEADLINE,
    LARGEST,
    OUT_OF_MEMORY,
    REFUSED,
    Answer,
    Bye,
    Request,
    Trouble,
    tag_of,
)
from rnn_adapters.written import decoded, encoded
from rnn_reference.errors import BadInput

SHOWN = 60
"""Letters of a line that is none are shown, of its beginning and of its end."""


class Refused(Exception):
    """What the implementation raised, in the words of its harness."""


class Connection:
    """A harness that was started, and is asked one thing at a time.

    Args:
        command: the program and its arguments.
        deadline: seconds that an answer may take.

    Raises:
        BadInput: it cannot be started.
    """

    def __init__(self, command: Sequence[str], deadline: float = DEADLINE) -> None:
        self.deadline = deadline
        self._asked = 0
        self._line = b""
        self._lost: ImplementationLost | None = None
        self._closed = False
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=2**16
            )
        except OSError as error:
            raise BadInput(f"stdio: {command[0]!r} cannot be started: {error.strerror}") from None
        self._requests: queue.Queue[bytes | None] = queue.Queue()
        self._lines: queue.Queue[bytes] = queue.Queue(maxsize=2)
        for work in (self._write, self._read):
            threading.Thread(target=work, daemon=True).start()
        weakref.finalize(self, self.process.kill)

    @property
    def open(self) -> bool:
        """Whether it can still be asked."""
        return self._lost is None and not self._closed

    def ask(self, request: Request) -> Any:
        """What the harness answers, as data of the type in `ANSWERS`.

        Raises:
            Refused: the implementation raised.
            CannotExpress: its route has no words for the call.
            MemoryError: it has no memory for it.
            ImplementationLost: it ended, was silent, or does not keep to the protocol. It is stopped.
        """
        return self.read(self.exchange(request), request)

    def exchange(self, request: Request) -> bytes:
        """The line that answers a request, which is numbered here.

        Raises:
            ImplementationLost: there is none.
        """
        if not self.open:
            raise self._lost or ImplementationLost("was asked to end")
        self._asked += 1
        request.id = self._asked
        return self.exchange_line(encoded(request), tag_of(type(request)))

    def exchange_line(self, line: bytes, name: str) -> bytes:
        """The line that is written after this one.

        Args:
            name: what the request is called if something goes wrong.

        Raises:
            ImplementationLost: there is none.
        """
        if len(line) > LARGEST:
            raise CannotExpress(f"a request of {len(line)} bytes: a line has {LARGEST} at most")
        self._requests.put(line + b"\n")
        try:
            found = self._lines.get(timeout=self.deadline)
        except queue.Empty:
            how = f"gave no answer to {name} for {self.deadline:g} s and was stopped"
            raise self.lost(how, "timed out") from None
        if found.endswith(b"\n"):
            return found
        if len(found) > LARGEST:
            raise self.lost(f"answered {name} by a line of more than {LARGEST} bytes and was stopped")
        how = "closed its output" if (status := self._status()) is None else f"ended {exit_words(status)}"
        raise self.lost(f"{how}, {'in the middle of the answer' if found else 'without an answer'} to {name}")

    def read(self, line: bytes, request: Request, kind: Any = None) -> Any:
        """The data in a line that answers a request.

        Args:
            kind: their type; None: that of `ANSWERS`.

        Raises:
            Exception: as `ask`.
        """
        self._line = line
        try:
            said = decoded(line, Answer, "line")
            given = [name for name in ("answer", "error") if getattr(said, name) is not msgspec.UNSET]
            if len(given) != 1:
                raise BadInput(
                    f"line: expected one of answer and error; got {' and '.join(given) or 'neither'}"
                )
            if said.id != request.id and not (said.id is None and isinstance(said.error, Trouble)):
                raise BadInput(f"line: expected id {request.id}; got {said.id}")
            if isinstance(said.answer, msgspec.Raw):
                return decoded(bytes(said.answer), kind or ANSWERS[type(request)], "answer")
        except BadInput as error:
            raise self.breach(request, error) from None
        assert isinstance(said.error, Trouble)
        known = {REFUSED: Refused, CANNOT_EXPRESS: CannotExpress, OUT_OF_MEMORY: MemoryError}
        if said.error.kind in known:
            raise known[said.error.kind](printable(said.error.message))
        own = printable(f"{said.error.kind}: {said.error.message}")
        raise self.lost(f"answered {tag_of(type(request))} by an error of its own ({own}) and was stopped")

    def breach(self, request: Request, error: BadInput) -> ImplementationLost:
        """Stop a harness whose last answer is none; what is to be raised."""
        shown = self._line.rstrip(b"\n").decode(errors="replace")
        if len(shown) > 2 * SHOWN:
            shown = f"{shown[:SHOWN]} … {shown[-SHOWN:]}"
        how = f"gave an answer to {tag_of(type(request))} that is none and was stopped"
        return self.lost(f"{how} ({error}; the line is {shown!r})")

    def lost(self, how: str, kind: Literal["crashed", "timed out"] = "crashed") -> ImplementationLost:
        """Stop the harness for good; what is to be raised."""
        self._lost = ImplementationLost(how, kind)
        self.end()
        return self._lost

    def close(self) -> None:
        """Say good-bye and wait for the end; nothing where there is nobody any more.

        Raises:
            RuntimeError: it did not end as it should.
        """
        if not self.open:
            return
        self.deadline = min(self.deadline, CLOSING_SECONDS)
        try:
            self.ask(Bye())
            status = self._status(CLOSING_SECONDS)
            how = "did not end" if status is None else f"ended {exit_words(status)}"
            trouble = f"{how} after its answer to bye" if status != 0 else ""
        except (ImplementationLost, Refused, CannotExpress, MemoryError) as error:
            trouble = str(error)
        finally:
            self._closed = True
            self.end()
        if trouble:
            raise RuntimeError(f"the harness {trouble}")

    def no_more(self) -> None:
        """End its input, after all that was asked."""
        self._requests.put(None)

    def end(self) -> None:
        """Stop the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.no_more()
        with contextlib.suppress(queue.Empty):  # the reader may be waiting for room
            while True:
                self._lines.get(timeout=0.01)

    def _status(self, seconds: float = 1.0) -> int | None:
        """The exit status; None if it has not ended after this time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _write(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: the reader says so
            for line in iter(self._requests.get, None):
                self.process.stdin.write(line)
                self.process.stdin.flush()
            self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline(LARGEST + 1):
            self._lines.put(line)
        self._lines.put(b"")


def printable(text: str) -> str:
    """What a harness says, on one line and without terminal escapes."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def exit_words(status: int) -> str:
    """How a process ended."""
    if status >= 0:
        return f"with exit status {status}"
    try:
        return f"by signal {-status} ({signal.Signals(-status).name})"
    except ValueError:  # a signal without a name
        return f"by signal {-status}"
