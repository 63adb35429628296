"""Run an adapter in a process of its own, so that one that crashes or hangs harms only itself."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

import msgspec

from rnn_adapters.stdio.connection import exit_words
from rnn_adapters.written import CaseData
from rnn_conformance.engine.case import Case, to_data
from rnn_conformance.engine.clauses import spec_version
from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import AdapterResult, Finding, Outcome
from rnn_conformance.engine.words import cut
from rnn_conformance.running.journal import case_in
from rnn_conformance.running.memory import in_mib
from rnn_conformance.running.messages import (
    Checked,
    Event,
    Finish,
    Finished,
    Gone,
    Job,
    Judge,
    Judged,
    Perform,
    Record,
    Refused,
    Request,
    Started,
    TakeDrift,
    Tried,
    TryWitness,
)
from rnn_conformance.running.worker import CALLED, DRAWN
from rnn_reference.errors import BadInput

WORKER = ("-u", "-X", "faulthandler", "-m", "rnn_conformance.running.worker")
"""What Python is started with."""

WAITING = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""What its environment says unless the user's does: threads of OpenMP and of OpenBLAS that have nothing to do
fall asleep. Awake they take more processor time than small calls do, and take it from other workers. How many
they are, and what they compute, stays the same."""

SHARED_DEVICES = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
"""Likewise: JAX and TensorFlow take a GPU's memory as they need it: all of it at once leaves others none."""

WORTH_A_START = 8
"""Clauses: another process is started for an adapter only where each has so many to ask."""

LARGE = 1200.0
"""MiB of memory, above which a process is replaced between checks, if it was worth its start: of what they
have built, frameworks keep some that cannot be dropped (TensorFlow: all that it has exported)."""

SHOWN_LINES = 12
"""Of what a process that ended badly wrote to standard error, this much is shown."""

LOOK_EVERY = 0.5
"""Seconds after which a silent process is looked at: its children may hold its pipe open when it is gone."""

CLOSING_SECONDS = 10.0
"""The time that an adapter is given to close."""

Tell = Callable[[Event], None]

EVENTS: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
"""Made before there are threads: two that decode a type for the first time at once end the process
(`decoder_of`)."""


class Stopped(Exception):
    """Raised where a run finds that it was told to stop."""


class Stop:
    """Ends a run: all its workers at once, and any that would start later."""

    def __init__(self) -> None:
        self.signal = 0
        self.workers: set[Worker] = set()

    def request(self, number: int) -> None:
        """Stop, because of a signal. May be called from a signal handler: it waits for nothing."""
        self.signal = self.signal or number
        for worker in list(self.workers):
            worker.kill()

    def abandon(self) -> None:
        """Leave neither process nor file, without waiting for anything: this process ends next."""
        for worker in list(self.workers):
            worker.kill()
            shutil.rmtree(worker.files, ignore_errors=True)

    def check(self) -> None:
        """Go on only if nothing was requested.

        Raises:
            Stopped: something was.
        """
        if self.signal:
            raise Stopped


@dataclass(frozen=True)
class Lost:
    """How a worker was lost.

    Args:
        last_words: the end of what it wrote to standard error.
        case: that the check was being performed on, if there was one.
        call: the call that was in progress, as a case.
    """

    kind: Literal["crashed", "timed out"]
    how: str
    last_words: str
    case: Case | None = None
    call: Case | None = None


class Worker:
    """One process in which an adapter is checked; a context manager that leaves neither process nor file.

    `start` comes first.

    Args:
        environment: variables besides those of this process.
        folder: where the process runs.
    """

    started: Started

    def __init__(
        self,
        job: Job,
        stop: Stop,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.peak_memory_mib = 0.0
        self.performed = 0
        self.cpu_seconds = 0.0  # known when it has ended
        self.job = job
        self._stop = stop
        self._status: int | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self.files = Path(tempfile.mkdtemp(prefix="rnn-conformance-"))
        self._errors = self.files / "stderr"
        variables = {**WAITING, **SHARED_DEVICES, **os.environ, **job.variables, **(environment or {})}
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=variables | {"TMPDIR": str(self.files)},
                start_new_session=True,
            )
        stop.workers.add(self)

    def start(self, timeout: float) -> Started:
        """Load the adapter; the worker is of no use where that fails.

        Args:
            timeout: seconds that it may take.

        Raises:
            BadInput: the adapter cannot be checked at all.
            Stopped: the run was told to stop.
        """
        self._stop.check()
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()
        self._send(msgspec.structs.replace(self.job, journal=str(self.files)))
        match found := self._next(timeout):
            case Started():
                self.started = found
                return found
            case Refused(message):
                raise BadInput(message)
            case Lost():
                raise BadInput(
                    f"adapter {self.job.adapter!r} is broken: its process {found.how} before the first check"
                    f"\n{found.last_words}".rstrip()
                )
        raise AssertionError(f"a worker started with {found}")

    @property
    def is_worn(self) -> bool:
        """Whether another process should take its place."""
        return self.peak_memory_mib > LARGE and self.performed >= WORTH_A_START

    def perform(self, request: Perform, timeout: float, tell: Tell = lambda event: None) -> Checked | Lost:
        """Perform one check; a worker that was lost can perform no other.

        Raises:
            Stopped: the run was told to stop.
        """
        with contextlib.suppress(OSError):
            os.truncate(self._errors, 0)
        self._send(request)
        while True:
            match found := self._next(timeout):
                case Checked() | Lost():
                    self.performed += 1
                    self.peak_memory_mib = max(self.peak_memory_mib, getattr(found, "peak_memory_mib", 0.0))
                    return found
            tell(found)

    def try_witness(self, request: TryWitness, timeout: float) -> Tried | Lost:
        """Run the witness of a record; a worker that was lost can do nothing else.

        Raises:
            Stopped: the run was told to stop.
        """
        self._send(request)
        found = self._next(timeout)
        assert isinstance(found, Tried | Lost)
        return found

    def judge(self, request: Judge, timeout: float) -> Judged | Lost:
        """Run a vector; a worker that was lost can do nothing else.

        Raises:
            Stopped: the run was told to stop.
        """
        with contextlib.suppress(OSError):
            os.truncate(self._errors, 0)
        self._send(request)
        found = self._next(timeout)
        assert isinstance(found, Judged | Lost)
        return found

    def take_drift(self, path: Path, timeout: float) -> str:
        """Have a drift file written: why it was not, "" if it was.

        A worker that was lost can do nothing else.

        Raises:
            Stopped: the run was told to stop.
        """
        self._send(TakeDrift(str(path.absolute())))
        found = self._next(timeout)
        return f"the process {found.how}" if isinstance(found, Lost) else getattr(found, "problem", "")

    def finish(self) -> str:
        """Let the adapter close, and end; what went wrong, if anything did."""
        self._send(Finish())
        match found := self._next(CLOSING_SECONDS):
            case Finished(warning):
                self._wait(CLOSING_SECONDS)
                return warning
            case Lost():
                return f"the process {found.how} when it was to end"
        return ""

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        elif self._status is None:
            self._process.kill()

    def end(self) -> None:
        """Leave nothing behind."""
        self.kill()
        self._wait(None)
        self._stop.workers.discard(self)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        shutil.rmtree(self.files, ignore_errors=True)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _send(self, message: Job | Request) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: the next event says so
            self._process.stdin.write(msgspec.json.encode(message) + b"\n")
            self._process.stdin.flush()

    def _read(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):  # closed: the process was ended
            for line in stream:
                self._lines.put(line)
        self._lines.put(None)

    def _next(self, timeout: float) -> Event | Lost:
        """The next event; what was lost if there is none."""
        try:
            line = self._line(time.monotonic() + timeout)
            event: Event | None = None if line is None else EVENTS.decode(line)
        except msgspec.DecodeError:  # it died in the middle of the line
            event = None
        except TimeoutError:
            self._stop.check()
            self.kill()
            self._wait(None)
            return self._lost("timed out", f"gave no sign for {timeout:g} s and was stopped")
        if isinstance(event, Gone):
            return self._lost(event.kind, event.how)
        if event is not None:
            return event
        self._stop.check()
        status = self._wait(CLOSING_SECONDS)
        how = "closed its output" if status is None else f"ended {exit_words(status)}"
        return self._lost("crashed", how)

    def _line(self, until: float) -> bytes | None:
        """The next line; None when there is no other, because the process has ended.

        Raises:
            TimeoutError: nothing came until this time.
        """
        gone = False
        while True:
            try:
                return self._lines.get(timeout=max(min(LOOK_EVERY, until - time.monotonic()), 0.001))
            except queue.Empty:
                if gone:
                    return None
                gone = self._exited()
                if not gone and time.monotonic() >= until:
                    raise TimeoutError from None

    def _exited(self) -> bool:
        """Whether the process has ended; keeps its exit status and its peak memory."""
        if self._status is not None:
            return True
        if not hasattr(os, "wait4"):  # Windows
            self._status = self._process.poll()
            return self._status is not None
        try:
            pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
        except ChildProcessError:  # somebody else has waited for it
            pid, status, usage = self._process.pid, 0, None
        if pid == 0:
            return False
        self._status = self._process.returncode = os.waitstatus_to_exitcode(status)
        if usage is not None:
            self.peak_memory_mib = max(self.peak_memory_mib, in_mib(usage.ru_maxrss))
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return True

    def _wait(self, seconds: float | None) -> int | None:
        """The exit status; None if the process has not ended after this time."""
        until = None if seconds is None else time.monotonic() + seconds
        pause = 0.001
        while not self._exited():
            if until is not None and time.monotonic() > until:
                return None
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        return self._status

    def _last_words(self) -> str:
        """The end of what it wrote to standard error during this check."""
        lines = self._errors.read_text(encoding="utf-8", errors="replace").splitlines()
        fatal = [index for index, line in enumerate(lines) if line.startswith("Fatal Python error")]
        # Python says where a crash happened, the innermost call first.
        shown = lines[fatal[-1] :][:SHOWN_LINES] if fatal else lines[-SHOWN_LINES:]
        return "\n".join(f"  | {line}" for line in shown)

    def _lost(self, kind: Literal["crashed", "timed out"], how: str) -> Lost:
        return Lost(kind, how, self._last_words(), *(case_in(self.files / name) for name in (DRAWN, CALLED)))


class Run:
    """The checks of one adapter, one after the other; a context manager.

    `cpu_seconds` are those of the processes that have ended, 0 on Windows.

    A check during which the process dies, or is silent for longer than `timeout`, fails; the others are
    performed in a new process. So is each, where the framework asks for it.

    Args:
        timeout: seconds that the start, or one check, may take.
        tell: called with every event; what it raises ends the run.
        stop: ends it from outside.
        environment: variables for the process, besides those of this one.
        folder: where the process runs.
    """

    def __init__(
        self,
        job: Job,
        timeout: float,
        tell: Tell = lambda event: None,
        stop: Stop | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.job = job
        self.result = empty_result(job)
        self.records: list[Record] = []
        self.about_routes: list[str] = []
        self.cpu_seconds = 0.0
        self._timeout = timeout
        self._tell = tell
        self._stop = stop or Stop()
        self._where = (environment, folder)
        self._worker: Worker | None = None
        self._began = time.perf_counter()

    def perform(self, clause: str, seed: int | None = None) -> Outcome:
        """The outcome of the check of a clause.

        Args:
            seed: what cases are drawn from; None: the job's.

        Raises:
            BadInput: the adapter cannot be checked at all.
            Stopped: the run was told to stop.
        """
        worker = self.start()
        confirmed = [record.id for record in worker.started.records if self._ends_process(record, clause)]
        title = ""

        def tell(event: Event) -> None:
            nonlocal title
            title = getattr(event, "title", title)
            self._tell(event)

        # The time that a check takes by order is none in which it gives no sign.
        timeout = self._timeout + (self.job.seconds_per_check or 0.0)
        try:
            found = worker.perform(Perform(clause, confirmed, seed=seed), timeout, tell)
        except BaseException:  # it is in the middle of a check, and cannot be let finish
            self._end_worker()
            raise
        if isinstance(found, Lost):
            outcome = lost_outcome(clause, title, found)
            add_script_of_lost(self.job.adapter, outcome, found.call)
            found = Checked(outcome, worker.peak_memory_mib)
            self._end_worker()
        self._note_memory(worker)
        self.result.outcomes.append(found.outcome)
        self.result.seconds = time.perf_counter() - self._began
        self._tell(found)
        if self._worker is not None and (worker.started.isolated or worker.is_worn):
            self._finish_worker()
        return found.outcome

    def take_drift(self, path: Path) -> bool:
        """Have a drift file written; where that fails, a warning of the results says why.

        Raises:
            BadInput: the adapter cannot be checked at all.
            Stopped: the run was told to stop.
        """
        worker = self.start()
        problem = worker.take_drift(path, self._timeout)
        if problem:
            self.result.warnings.append(f"drift was not measured: {problem}")
            self._end_worker()
        elif worker.started.isolated:
            self._finish_worker()
        return not problem

    def start(self) -> Worker:
        """The worker that performs checks now, started if there is none.

        Raises:
            BadInput: the adapter cannot be checked at all.
            Stopped: the run was told to stop.
        """
        if self._worker is None:
            self._stop.check()
            began = time.perf_counter()
            self._worker = Worker(self.job, self._stop, *self._where)
            try:
                started = self._worker.start(self._timeout)
            except BaseException:
                self._end_worker()
                raise
            if not self.result.start_up_seconds:
                self.result.start_up_seconds = time.perf_counter() - began
                self.result.adapter, self.result.versions = started.adapter, started.versions
                self.result.environment = started.environment
                self.result.absent_routes = started.absent
                self.records, self.about_routes = started.records, started.about_routes
                self._tell(started)
        return self._worker

    def _ends_process(self, record: Record, clause: str) -> bool:
        """Whether a record still holds: its witness, in a process of its own, does not survive."""
        case = record.fatal.get(clause)
        if case is None or self.job.case is not None:
            return False
        return ends_process(self.job, clause, case, self._timeout, self._stop, *self._where)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._worker is not None:
            with contextlib.suppress(Stopped):
                self._finish_worker()
        self._end_worker()
        self.result.seconds = time.perf_counter() - self._began

    def _finish_worker(self) -> None:
        assert self._worker is not None
        warning = self._worker.finish()
        if warning and warning not in self.result.warnings:
            self.result.warnings.append(warning)
        self._end_worker()

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._note_memory(self._worker)
            self.cpu_seconds += self._worker.cpu_seconds
        self._worker = None

    def _note_memory(self, worker: Worker) -> None:
        self.result.peak_memory_mib = max(self.result.peak_memory_mib, worker.peak_memory_mib)


def run_adapter(
    job: Job, timeout: float, tell: Tell = lambda event: None, stop: Stop | None = None
) -> AdapterResult:
    """Check one adapter: every clause of the job, or as many as there were before it was told to stop.

    Args:
        timeout: seconds that the start, or one check, may take.
        tell: called with every event.
        stop: ends the run from outside; what there is then is `interrupted`.

    Raises:
        BadInput: the adapter cannot be checked at all.
    """
    with Run(job, timeout, tell, stop) as run:
        try:
            run.start()
            for clause in job.clauses:
                run.perform(clause)
        except Stopped:
            run.result.interrupted = True
    return run.result


def ends_process(
    job: Job,
    clause: str,
    case: CaseData,
    timeout: float,
    stop: Stop | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> bool:
    """Whether a check on one case ends the process it is performed in, or keeps it from ever coming back.

    Raises:
        BadInput: the adapter cannot be checked at all.
        Stopped: the run was told to stop.
    """
    alone = msgspec.structs.replace(job, clauses=[clause], case=case, bare=True)
    with Worker(alone, stop or Stop(), environment, folder) as worker:
        worker.start(timeout)
        return isinstance(worker.perform(Perform(clause), timeout), Lost)


def empty_result(job: Job) -> AdapterResult:
    """The results of a run in which nothing has been checked yet."""
    return AdapterResult(
        adapter=job.adapter,
        asked_for=job.adapter,
        route=job.route,
        versions={},
        suite_version=version("rnn-conformance"),
        spec_version=spec_version(),
        environment=Environment(),
        profile=job.profile,
        seed=job.seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def add_script_of_lost(adapter: str, outcome: Outcome, call: Case | None) -> None:
    """Give the finding of a check that its process did not survive a script of the call it was making."""
    from rnn_adapters.registry import load_framework
    from rnn_conformance.checks import all_checks
    from rnn_conformance.engine.reproduction import script_of_lost

    (finding,) = outcome.findings
    with contextlib.suppress(BadInput):
        if call is not None:
            check = all_checks()[outcome.clause]
            finding.script = script_of_lost(load_framework(adapter), check, call, finding.message)


def lost_outcome(clause: str, title: str, lost: Lost) -> Outcome:
    """The outcome of a check that its process did not survive."""
    message = f"the process {lost.how} during this check; the others were performed in a new one"
    finding = Finding(kind=lost.kind, message=cut(f"{message}\n{lost.last_words}".rstrip()))
    if lost.case is not None:
        finding.case, finding.route = to_data(lost.case), lost.case.route
        finding.shown_case = repr(lost.call or lost.case)
    return Outcome(clause=clause, title=title, verdict="fail", findings=[finding])
