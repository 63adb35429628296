"""How far a run is: a bar for each adapter in a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from rnn_conformance.report.terminal import summary
from rnn_conformance.running.messages import Checked, Checking, Event, Job
from rnn_conformance.running.recording import Answer

EVERY = 5.0
"""Seconds between two plain lines."""


def progress() -> Terminal | Lines:
    """What suits standard error; a context manager."""
    console = Console(stderr=True)
    return Terminal(console) if console.is_terminal else Lines()


class Terminal:
    """A bar for each adapter."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}"),
        )
        self._bars = Bars(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, job: Job) -> None:
        """A job begins."""
        self._tasks[_label(job)] = self._bars.add_task(_label(job), total=len(job.clauses), now="starting")

    def tell(self, job: Job, event: Event) -> None:
        """Something happened."""
        if isinstance(event, Checking):
            self._bars.update(self._tasks[_label(job)], now=event.clause)
        elif isinstance(event, Checked):
            self._bars.advance(self._tasks[_label(job)])

    def ended(self, answer: Answer) -> None:
        """A job has ended."""
        self._bars.update(self._tasks[_label(answer.job)], now="could not be checked" * bool(answer.refusal))
        if answer.result is not None:
            self._bars.console.print(_last_line(answer), highlight=False, markup=False, soft_wrap=True)


@dataclass
class _Running:
    total: int
    began: float = field(default_factory=time.monotonic)
    number: int = 0
    clause: str = "starting"


class Lines:
    """A plain line for each adapter, every few seconds.

    Args:
        every: that many.
    """

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self._running: dict[str, _Running] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._say, daemon=True)

    def __enter__(self) -> Lines:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def started(self, job: Job) -> None:
        """A job begins."""
        self._running[_label(job)] = _Running(len(job.clauses))

    def tell(self, job: Job, event: Event) -> None:
        """Something happened."""
        if isinstance(event, Checking):
            running = self._running[_label(job)]
            running.number, running.clause = running.number + 1, event.clause

    def ended(self, answer: Answer) -> None:
        """A job has ended."""
        self._running.pop(_label(answer.job), None)
        if answer.result is not None:
            click.echo(_last_line(answer), err=True)

    def _say(self) -> None:
        while not self._over.wait(self._every):
            for label, running in list(self._running.items()):
                seconds = time.monotonic() - running.began
                place = f", {running.number} of {running.total}" if running.number else ""
                click.echo(f"{label}: {running.clause}{place}, {seconds:.0f} s", err=True)


def _label(job: Job) -> str:
    """What a job is called: its adapter's name, where that tells it from others."""
    return job.label or job.adapter


def _last_line(answer: Answer) -> str:
    assert answer.result is not None
    return f"{summary(answer.result)}  [{answer.result.seconds:.1f} s]"
