"""A run of several adapters that loses nothing: results are written as they come, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from threading import Lock
from types import FrameType
from typing import Protocol

import msgspec

from rnn_adapters.reproduction import RUN_BY, suffix_of
from rnn_adapters.written import CaseData
from rnn_conformance.engine.case import SavedCase, write_case
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.results import (
    RED,
    AdapterResult,
    Finding,
    Outcome,
    drift_path,
    file_stem,
    read_result,
    results_path,
    write_result,
    write_whole,
)
from rnn_conformance.running.messages import Event, Job, Record
from rnn_conformance.running.process import Run, Stop, Stopped
from rnn_reference.errors import BadInput

DEFAULT_FOLDER = Path("results")
DEFAULT_TIMEOUT = 600.0

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What ends a run; a second one ends it at once."""


@dataclass
class Answer:
    """What became of one job.

    Args:
        result: None where nothing was checked.
        refusal: why it could not be done, or not to its end; "" if it could.
        path: the results file, if there is one.
        drift: the drift file, if one was written.
        records: the known deviations that apply.
        cases: the file that holds the case of a finding, by clause and number of the finding.
    """

    job: Job
    result: AdapterResult | None = None
    refusal: str = ""
    path: Path | None = None
    drift: Path | None = None
    records: list[Record] = field(default_factory=list)
    cases: dict[tuple[str, int], Path] = field(default_factory=dict)


class Progress(Protocol):
    """Who wants to know how far a run is."""

    def started(self, job: Job) -> None:
        """A job begins."""

    def tell(self, job: Job, event: Event) -> None:
        """Something happened."""

    def ended(self, answer: Answer) -> None:
        """A job has ended."""


Bad = Callable[[AdapterResult, Outcome], bool]
"""Whether an outcome is bad enough to end a run that fails fast."""


class Names:
    """The adapters of a run, none of which may have the name of another: their results would mix.

    May be used by several threads.
    """

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}
        self._lock = Lock()

    def take(self, job: Job, result: AdapterResult) -> None:
        """Reserve the name of an adapter.

        Raises:
            BadInput: another has it.
        """
        with self._lock:
            other = self._taken.setdefault(file_stem(result.adapter).lower(), job.adapter)
        if other != job.adapter:
            raise BadInput(
                f"--adapter: expected adapters of different names; got {other} and {job.adapter}, which are"
                f" both called {result.adapter!r}"
            )


class Recorder:
    """Writes down the results of one adapter, clause by clause.

    Clauses that are not run keep the results that they have, as long as these are of the same adapter, at the
    same versions, made in the same environment, and drawn from the same seed of the same profile.

    Args:
        folder: where results are kept; None: nothing is written.
        part: a folder below, for the results of a part of the run; the cases of what was found lie where
            those of the whole do.
    """

    def __init__(self, folder: Path | None, answer: Answer, part: str = ".") -> None:
        self._folder = folder
        self._part = part
        self._answer = answer
        self._kept: list[Outcome] = []

    def drift_path(self, result: AdapterResult) -> Path | None:
        """Where the numbers of this adapter are kept; None where nothing is written."""
        return None if self._folder is None else drift_path(results_path(self._folder, result))

    def start(self, result: AdapterResult) -> None:
        """Find the results that are kept."""
        if self._folder is None:
            return
        try:
            there = read_result(results_path(self._folder, result))
        except BadInput:
            return  # none, or of another version of the suite
        if same_run(there, result) and there.environment == result.environment:
            self._kept = [o for o in there.outcomes if o.clause not in self._answer.job.clauses]

    def record(self, result: AdapterResult, outcome: Outcome) -> None:
        """Write the results, of which this is the latest."""
        if self._folder is None:
            return
        try:
            for path in case_files(self._folder, result, outcome.clause):
                path.unlink(missing_ok=True)
                for suffix in RUN_BY:
                    path.with_suffix(suffix).unlink(missing_ok=True)
            for index, finding in enumerate(outcome.findings):
                if finding.case is not None:
                    path = case_file(self._folder, result, outcome.clause, index)
                    write_case(path, _saved(result, outcome, finding, finding.case))
                    if finding.script:
                        write_whole(path.with_suffix(suffix_of(finding.script)), finding.script.encode())
                    self._answer.cases[outcome.clause, index] = path
        except OSError as error:
            self._answer.refusal = f"results: {error.filename} cannot be written: {error.strerror}"
        self.write(result)

    def write(self, result: AdapterResult) -> None:
        """Write the results. Where that is not possible any more, the run goes on, and says so in the end."""
        if self._folder is None or not result.outcomes:
            return
        order = {clause: number for number, clause in enumerate(all_clauses())}
        outcomes = sorted(
            self._kept + result.outcomes, key=lambda outcome: order.get(outcome.clause, len(order))
        )
        whole = msgspec.structs.replace(result, outcomes=outcomes)
        try:
            self._answer.path = write_result(self._folder / self._part, whole)
        except BadInput as error:
            self._answer.refusal = str(error)


def _saved(result: AdapterResult, outcome: Outcome, finding: Finding, case: CaseData) -> SavedCase:
    """A case with all that a record of the finding needs."""
    return SavedCase(
        outcome.clause,
        case,
        adapter=result.adapter,
        versions=result.versions,
        kind=finding.kind,
        message=finding.message,
        facts=finding.facts,
        likely_cause=finding.likely_cause,
    )


def same_run(one: AdapterResult, other: AdapterResult) -> bool:
    """Whether two results are of one adapter and versions, drawn from one seed of one profile."""
    names = ("adapter", "versions", "suite_version", "profile", "seed")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def case_file(folder: Path, result: AdapterResult, clause: str, index: int = 0) -> Path:
    """Where the case of a finding is kept; they are counted from 0."""
    number = f".{index + 1}" if index else ""
    return folder / "failures" / f"{results_path(folder, result).stem}-{clause}{number}.json"


def case_files(folder: Path, result: AdapterResult, clause: str) -> list[Path]:
    """The cases that are kept of a clause, by this run or an earlier one."""
    first = case_file(folder, result, clause)
    others = [path for path in first.parent.glob("*.json") if path.name.startswith(f"{first.stem}.")]
    return [first, *others]


def try_folder(folder: Path) -> None:
    """See whether results can be written here, and leave everything as it was.

    Raises:
        BadInput: they cannot.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"--results: {folder} cannot be written: {error.strerror}") from None
    finally:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()


def run_jobs(
    jobs: list[Job],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    at_a_time: int = 1,
    folder: Path | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    fail_fast: bool = False,
    is_bad: Bad = lambda result, outcome: outcome.verdict in RED,
) -> list[Answer]:
    """Check adapters, and write their results into a folder while it lasts.

    Args:
        fail_fast: at the first bad outcome of any of them no other check is begun.
        is_bad: what ends a run that fails fast; a red verdict, if nothing else is said.

    Raises:
        BadInput: the folder cannot be written.
    """
    if folder is not None:
        try_folder(folder)
    names, stop, over = Names(), stop or Stop(), Flag() if fail_fast else None

    def one(job: Job) -> Answer:
        answer = Answer(job)
        if over is not None and over.is_set():
            return answer
        if progress is not None:
            progress.started(job)
        _run_job(answer, timeout, Recorder(folder, answer), names, stop, progress, over, is_bad)
        if progress is not None:
            progress.ended(answer)
        return answer

    with ThreadPoolExecutor(at_a_time) as pool:
        return list(pool.map(one, jobs))


def _run_job(
    answer: Answer,
    timeout: float,
    recorder: Recorder,
    names: Names,
    stop: Stop,
    progress: Progress | None,
    over: Flag | None,
    is_bad: Bad,
) -> None:
    job = answer.job

    def tell(event: Event) -> None:
        if progress is not None:
            progress.tell(job, event)

    with Run(job, timeout, tell, stop) as run:
        try:
            run.start()
            names.take(job, run.result)
            answer.result, answer.records = run.result, run.records
            recorder.start(run.result)
            for clause in job.clauses:
                if over is not None and over.is_set():
                    raise Stopped
                outcome = run.perform(clause)
                recorder.record(run.result, outcome)
                if over is not None and is_bad(run.result, outcome):
                    over.set()
            if job.drift and (path := recorder.drift_path(run.result)) is not None and run.take_drift(path):
                answer.drift = path
        except Stopped:
            run.result.interrupted = True
        except BadInput as error:
            run.result.interrupted = True
            answer.refusal = str(error)
    recorder.write(run.result)


@contextlib.contextmanager
def ended_by_signals(stop: Stop) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run; a second one ends this process at once."""

    def end(number: int, frame: FrameType | None) -> None:
        if stop.signal:
            stop.abandon()
            _say("\033[?25h" if sys.stderr.isatty() else "")  # the progress bar hides the cursor
            os._exit(128 + number)
        stop.request(number)
        _say("\nrnn-conformance: stopping; a second signal ends it at once\n")

    previous = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _say(words: str) -> None:
    """To standard error from a signal handler, which may interrupt somebody who is writing there."""
    with contextlib.suppress(OSError):
        os.write(2, words.encode())


def again(
    job: Job,
    clause: str,
    *,
    case: Path | None = None,
    folder: Path | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> str:
    """The command that performs one check again.

    Args:
        case: a file with the case to perform it on.
        folder: where results are written.
    """
    words = ["rnn-conformance", "run", "--adapter", job.adapter]
    if case is not None:
        words += ["--case", str(case)]
    if case is None or job.case is not None:
        words += ["--clause", clause]
    if job.profile != "quick":
        words += ["--profile", job.profile]
    if job.seconds_per_check is not None:
        words += ["--seconds", f"{job.seconds_per_check:g}"]
    if job.seed:
        words += ["--seed", str(job.seed)]
    if job.deviations_file is not None:
        words += ["--deviations", job.deviations_file]
    if folder not in (None, DEFAULT_FOLDER):
        words += ["--results", str(folder)]
    if timeout != DEFAULT_TIMEOUT:
        words += ["--timeout", f"{timeout:g}"]
    return shlex.join(words)
