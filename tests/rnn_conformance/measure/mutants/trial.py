"""One mutant before the suite, or before the framework's own tests: is it noticed, and at what cost?"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.results import RED, Outcome
from rnn_conformance.measure.mutants.farm import package_with
from rnn_conformance.measure.mutants.mutate import Mutant
from rnn_conformance.measure.mutants.reach import AT_IMPORT, Reached, chapter_of
from rnn_conformance.measure.mutants.target import Target
from rnn_conformance.running.environments import on_the_path
from rnn_conformance.running.messages import Job
from rnn_conformance.running.order import most_killing_first
from rnn_conformance.running.process import Run, Stop
from rnn_reference.errors import BadInput


class Way(msgspec.Struct, frozen=True):
    """How a mutant is tried.

    Args:
        profile: of the suite: how much is drawn.
        reached: see `reached_by`; None: every clause is asked of every mutant.
        deadline: seconds after which the mutant counts as noticed.
    """

    target: Target
    adapter: str
    stop: Stop
    profile: str = "quick"
    reached: Reached | None = None
    deadline: float = 3600.0

    def clauses(self, mutant: Mutant | None) -> list[str]:
        """Those to ask: of chapters that execute a line of what is changed, what catches most first."""
        clauses = most_killing_first(list(all_clauses()))
        if mutant is None or self.reached is None:
            return clauses
        chapters, (first, last) = self.reached[mutant.file], mutant.lines
        reaching = {name for name, lines in chapters.items() if any(first <= line <= last for line in lines)}
        return [id for id in clauses if AT_IMPORT in reaching or chapter_of(id) in reaching]


class Trial(msgspec.Struct, frozen=True):
    """What came of it.

    Args:
        how: the clause, or the test, that noticed, and what it said; "" where nothing did.
        cpu_seconds: of the process, start included.
    """

    how: str
    cpu_seconds: float
    seconds: float

    @property
    def killed(self) -> bool:
        return bool(self.how)

    @property
    def late(self) -> bool:
        return LATE in self.how


def by_suite(way: Way, mutant: Mutant | None) -> Trial:
    """The suite, until the first finding.

    Args:
        mutant: None: the original.

    Raises:
        Stopped: the run was told to stop.
    """
    job = Job(way.adapter, way.clauses(mutant), way.profile, explained=False)
    how, began = "", time.monotonic()
    with package_with(way.target.folder, _changed(mutant), way.target.files_for(way.adapter)) as folder:
        run = Run(job, way.deadline, stop=way.stop, environment=on_the_path(folder), folder=folder)
        with run:
            try:
                for clause in job.clauses:
                    outcome = run.perform(clause)
                    if outcome.verdict in RED:
                        how = _said(outcome)
                        break
                    if time.monotonic() - began > way.deadline:
                        how = _late(way.deadline)
                        break
            except BadInput as error:
                late = time.monotonic() - began > way.deadline
                how = _late(way.deadline) if late else _first_line(str(error))
    return Trial(how, run.cpu_seconds, time.monotonic() - began)


def _said(outcome: Outcome) -> str:
    words = outcome.reason
    if outcome.findings:
        first = outcome.findings[0]
        words = f"{LATE}: {first.message}" if first.kind == "timed out" else first.message
    return f"{outcome.clause} {outcome.verdict}: {_first_line(words)}"


def _changed(mutant: Mutant | None) -> dict[str, str]:
    return {} if mutant is None else {mutant.file: mutant.source}


def by_own_tests(way: Way, mutant: Mutant | None) -> Trial:
    """The tests that ship with the framework, until the first that fails.

    Args:
        mutant: None: the original.

    Raises:
        Stopped: the run was told to stop.
    """
    target, adapter, began = way.target, way.adapter, time.monotonic()
    with package_with(
        target.folder, _changed(mutant), [*target.files_for(adapter), *target.own_tests]
    ) as folder:
        tests = [str(folder / target.package / test) for test in target.own_tests]
        options = ("-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider", "-c", os.devnull)
        command = [sys.executable, "-m", "pytest", *options, f"--rootdir={folder}", *tests]
        environment = target.adapters[adapter].environment | on_the_path(folder)
        status, output, cpu_seconds = _finished(command, environment, folder, way.deadline, way.stop)
    how = ""
    if status is None:
        how = _late(way.deadline)
    elif status:
        lines = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
        how = _first_line(lines[0] if lines else output or f"exit status {status}")
    return Trial(how, cpu_seconds, time.monotonic() - began)


def _finished(
    command: list[str], environment: Mapping[str, str], folder: Path, deadline: float, stop: Stop
) -> tuple[int | None, str, float]:
    """Exit status, None if it was late; output; and CPU seconds of a command."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        until, late = time.monotonic() + deadline, False
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if stop.signal or time.monotonic() > until:
                late = True
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        stop.check()
        output.seek(0)
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return None if late else process.returncode, output.read(), cpu_seconds


def reached_by(way: Way) -> Reached:
    """The lines of the files that are mutated, as far as each chapter of the suite executes them.

    Raises:
        BadInput: the adapter cannot be made, or loads one of the files from elsewhere, or not at all.
        Stopped: the run was told to stop.
    """
    target, files = way.target, list(way.target.files_for(way.adapter))
    with package_with(target.folder, {}, files) as folder:
        job = [way.adapter, way.profile, str(folder / "reached.json"), str(folder / target.package), *files]
        command = [sys.executable, "-m", "rnn_conformance.measure.mutants.reach", *job]
        status, output, _ = _finished(command, on_the_path(folder), folder, way.deadline, way.stop)
        if status != 0:
            raise BadInput(f"mutants: {way.adapter} cannot be traced: {(output.splitlines() or [''])[-1]}")
        reached = msgspec.json.decode((folder / "reached.json").read_bytes(), type=Reached)
    missing = [file for file in files if not reached[file]]
    if missing:
        raise BadInput(f"mutants: {way.adapter} does not load {', '.join(missing)}")
    return reached


LATE = "not done after"


def _late(deadline: float) -> str:
    return f"{LATE} {deadline:.0f} s"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:200]


TRIALS: dict[str, Callable[[Way, Mutant | None], Trial]] = {"suite": by_suite, "own tests": by_own_tests}
"""By whom a mutant is tried."""
