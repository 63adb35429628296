"""One adapter, checked by several workers: each takes a clause that nobody has taken."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from threading import Lock
from typing import Protocol

import msgspec

from rnn_conformance.engine.results import AdapterResult, Outcome, file_stem
from rnn_conformance.running.messages import Event, Job
from rnn_conformance.running.process import WORTH_A_START, Run, Stop, Stopped
from rnn_conformance.running.recording import Answer, Recorder
from rnn_reference.errors import BadInput


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


@dataclass
class Terms:
    """What holds for all jobs of a run.

    Args:
        timeout: seconds that a start, or one check, may take.
        folder: where results are written; None: nowhere.
        progress: who hears of it.
        stop: ends the run from outside.
        ends: after which outcomes no other check is begun.
        in_order: whether clauses are begun in the order of the job.
        over: whether there was one.
    """

    timeout: float
    folder: Path | None
    progress: Progress | None
    stop: Stop
    ends: Bad
    in_order: bool = False
    over: Flag = field(default_factory=Flag)
    names: Names = field(default_factory=Names)


class Shared:
    """A job whose clauses are asked by as many workers as join, each in a process of its own.

    Attributes:
        workers: how many have joined, with those that are through.
        left: the clauses that nobody has taken.
    """

    def __init__(self, job: Job, terms: Terms) -> None:
        self.answer = Answer(job)
        self.workers = 0
        self.left = deque(job.clauses)
        self._terms = terms
        self._recorder = Recorder(terms.folder, self.answer)
        self._place = {clause: number for number, clause in enumerate(job.clauses)}
        self._parts = list[AdapterResult]()
        self._about_routes = frozenset[str]()
        self._through = 0
        self._asking_no_more = set[Run]()
        self._gave_up = list[str]()
        self._drift_left = job.drift
        self._began = 0.0
        self._lock = Lock()

    @property
    def worth_another(self) -> bool:
        """Whether one worker more would have enough to do."""
        ended = self._terms.stop.signal or self._terms.over.is_set() or self.answer.refusal or self._gave_up
        return not ended and len(self.left) >= WORTH_A_START * (self.workers + 1)

    def join(self) -> None:
        """Count one worker more, whose `work` comes next."""
        with self._lock:
            self.workers += 1
            if self.workers == 1:
                self._began = time.perf_counter()
                if self._terms.progress is not None:
                    self._terms.progress.started(self.answer.job)

    def work(self) -> None:
        """Ask clauses until none is left."""
        if not self._terms.over.is_set():
            with Run(self.answer.job, self._terms.timeout, self._tell, self._terms.stop) as run:
                self._ask(run)
        with self._lock:
            self._through += 1
            if self.answer.result is not None:
                self.answer.result = self._together()
                self._recorder.write(self.answer.result)
            if self._through == self.workers and self._terms.progress is not None:
                self._terms.progress.ended(self.answer)

    def _ask(self, run: Run) -> None:
        clause = None
        try:
            run.start()
            self._terms.names.take(self.answer.job, run.result)
            self._begin(run)
            while (clause := self._taken(run)) is not None:
                self._keep(run, run.perform(clause))
            self._take_drift(run)
        except Stopped:
            run.result.interrupted = True
        except BadInput as error:
            self._give_up(run, clause, str(error))

    def _begin(self, run: Run) -> None:
        with self._lock:
            self._parts.append(run.result)
            if len(self._parts) == 1:
                self.answer.result, self.answer.records = run.result, run.records
                self._recorder.start(run.result)
                if not self._terms.in_order:
                    self._take_first(run.about_routes)

    def _take_first(self, clauses: Collection[str]) -> None:
        """Routes that compile or save take longest: a worker that came to them last would work alone."""
        self._about_routes = frozenset(clauses)
        self.left = deque(sorted(self.left, key=lambda clause: clause not in clauses))

    def _taken(self, run: Run) -> str | None:
        """A clause that nobody else has taken; None if there is none."""
        if self._terms.over.is_set():
            raise Stopped
        with self._lock:
            if self.left:
                clause = self._next(run)
                self.left.remove(clause)
                return clause
            self._asking_no_more.add(run)
            return None

    def _next(self, run: Run) -> str:
        """The next clause, for the first worker.

        The others leave those about routes to it while there are others: what these import and compile is
        then imported and compiled once.
        """
        if run.result is self._parts[0]:
            return self.left[0]
        return next((clause for clause in self.left if clause not in self._about_routes), self.left[0])

    def _keep(self, run: Run, outcome: Outcome) -> None:
        with self._lock:
            self.answer.result = self._together()
            self._recorder.record(self.answer.result, outcome)
            if self._terms.ends(run.result, outcome):
                self._terms.over.set()

    def _take_drift(self, run: Run) -> None:
        with self._lock:
            mine, self._drift_left = self._drift_left, False
        if mine and (path := self._recorder.drift_path(run.result)) is not None and run.take_drift(path):
            self.answer.drift = path

    def _give_up(self, run: Run, clause: str | None, problem: str) -> None:
        """Leave the rest to the others; where there are none, the adapter cannot be checked."""
        with self._lock:
            self._asking_no_more.add(run)
            if clause is not None:
                self.left.appendleft(clause)
            if len(self._asking_no_more) < self.workers:
                self._gave_up.append(f"one of {self.workers} workers gave up: {problem}")
            else:
                run.result.interrupted = True
                self.answer.refusal = problem

    def _together(self) -> AdapterResult:
        """What all workers have found, in the order in which it was asked for."""
        outcomes = [outcome for part in self._parts for outcome in part.outcomes]
        warnings = [warning for part in self._parts for warning in part.warnings]
        return msgspec.structs.replace(
            self._parts[0],
            seconds=time.perf_counter() - self._began,
            peak_memory_mib=max(part.peak_memory_mib for part in self._parts),
            interrupted=any(part.interrupted for part in self._parts),
            warnings=list(dict.fromkeys(warnings + self._gave_up)),
            outcomes=sorted(outcomes, key=lambda outcome: self._place[outcome.clause]),
        )

    def _tell(self, event: Event) -> None:
        if self._terms.progress is not None:
            with self._lock:
                self._terms.progress.tell(self.answer.job, event)
