"""A campaign: many clauses, seeds, adapters and versions, done by the workers of a Dask cluster.

A task is one clause of one adapter on a range of seeds. What comes back is written at once, so that a
campaign that was ended goes on where it was; a worker that is lost costs the task that it had, which another
does again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rnn_conformance.engine.results import AdapterResult, Finding, read_result, write_result
from rnn_conformance.running.messages import Job
from rnn_conformance.running.process import Run, Stop
from rnn_conformance.running.releases import worker_at
from rnn_conformance.running.shards import merged
from rnn_reference.errors import BadInput

if TYPE_CHECKING:
    from distributed import Client


class Task(msgspec.Struct, frozen=True):
    """What one worker does at a time.

    Args:
        packages: requirements that come before what is installed on the worker; none: what is installed.
        seeds: of the drawing, one run each.
    """

    adapter: str
    clause: str
    seeds: tuple[int, ...]
    packages: tuple[str, ...] = ()
    profile: str = "quick"
    timeout: float = 600.0


class Answered(msgspec.Struct):
    """What came of a task.

    Args:
        results: one for each seed, of one clause.
        problem: why it could not be done; "" where it could.
    """

    task: Task
    results: list[AdapterResult] = []
    problem: str = ""


@dataclass(frozen=True)
class Campaign:
    """What is to be done, and where it is kept.

    Args:
        packages: of each the packages of one environment; none: what is installed on the workers.
        per_task: seeds of a task: a process is started for each task.
        folder: where results are kept, a folder for each seed.
    """

    adapters: list[str]
    clauses: list[str]
    seeds: range
    folder: Path
    packages: list[tuple[str, ...]]
    profile: str = "quick"
    per_task: int = 5
    timeout: float = 600.0

    def tasks(self) -> list[Task]:
        """All, but for what was done before."""
        done = set(self._done())
        found = list[Task]()
        for adapter in self.adapters:
            for packages in self.packages or [()]:
                for clause in self.clauses:
                    left = [s for s in self.seeds if (adapter, packages, clause, s) not in done]
                    for first in range(0, len(left), self.per_task):
                        seeds = tuple(left[first : first + self.per_task])
                        found.append(Task(adapter, clause, seeds, packages, self.profile, self.timeout))
        return found

    def _done(self) -> Iterator[tuple[str, tuple[str, ...], str, int]]:
        for seed in self.seeds:
            for packages in self.packages or [()]:
                for path in sorted(self.place(seed, packages).glob("*.json")):
                    result = read_result(path)
                    if result.profile == self.profile:
                        yield from (
                            (result.asked_for, packages, outcome.clause, seed) for outcome in result.outcomes
                        )

    def place(self, seed: int, packages: tuple[str, ...]) -> Path:
        """The folder of the results of a seed and an environment."""
        return self.folder / ("+".join(packages) or "installed") / f"seed-{seed:05}"

    def keep(self, answered: Answered) -> None:
        """Write down what came of a task.

        Raises:
            BadInput: it cannot be written, or contradicts what is there.
        """
        for result in answered.results:
            folder = self.place(result.seed, answered.task.packages)
            there = [read_result(path) for path in folder.glob("*.json")]
            parts = [each for each in there if each.asked_for == result.asked_for]
            write_result(folder, merged([*parts, result]))

    def results(self) -> list[AdapterResult]:
        """All that is kept."""
        return [read_result(path) for path in sorted(self.folder.rglob("seed-*/*.json"))]


def carry_out(campaign: Campaign, client: Client, tell: Callable[[Answered, int, int], None]) -> list[str]:
    """Have every task done that was not yet, and keep what comes of it.

    Args:
        tell: told about every task that was done, of so many, by number.

    Returns:
        What could not be done, in words.

    Raises:
        BadInput: results cannot be written.
    """
    from distributed import KilledWorker, as_completed

    tasks, problems = campaign.tasks(), list[str]()
    coming: Any = client.map(do, [encoded(task) for task in tasks], pure=False)
    for number, future in enumerate(as_completed(coming), 1):
        try:
            answered = msgspec.json.decode(future.result(), type=Answered)
        except KilledWorker:  # it took several workers with it
            answered = Answered(tasks[coming.index(future)], problem="every worker that had it was lost")
        campaign.keep(answered)
        if answered.problem:
            task = answered.task
            where = " ".join((task.adapter, *task.packages, task.clause))
            problems.append(f"{where}: {answered.problem}")
        tell(answered, number, len(tasks))
        future.release()
    return list(dict.fromkeys(problems))


def encoded(message: Task | Answered) -> bytes:
    """As it is sent: as JSON, since nothing is unpickled that came over a network and could be data."""
    return msgspec.json.encode(message)


def do(sent: bytes) -> bytes:
    """A task, on a worker."""
    return encoded(done(msgspec.json.decode(sent, type=Task)))


def done(task: Task) -> Answered:
    """What comes of a task."""
    try:
        job = Job(
            task.adapter, [task.clause], task.profile, variables=_variables(task.adapter, task.packages)
        )
        with Run(job, task.timeout) as run:
            parts = [_part(run, task.clause, seed) for seed in task.seeds]
    except Exception as error:  # whatever it is, the others are done all the same
        return Answered(task, problem=str(error) if isinstance(error, BadInput) else repr(error))
    return Answered(task, parts)


def _part(run: Run, clause: str, seed: int) -> AdapterResult:
    outcome = run.perform(clause, seed)
    return msgspec.structs.replace(run.result, seed=seed, outcomes=[outcome], seconds=outcome.seconds)


@cache
def _variables(adapter: str, packages: tuple[str, ...]) -> dict[str, str]:
    """With which the packages are found, tried once in each worker."""
    if not packages:
        return {}
    with worker_at(Job(adapter, []), packages, 600.0, Stop(), None) as worker:
        return dict(worker.job.variables)


def seeds_of(text: str) -> range:
    """The seeds "0..99", both ends included, or a single one.

    Raises:
        BadInput: they are none.
    """
    first, dots, last = text.partition("..")
    if not first.isdecimal() or (dots and not last.isdecimal()) or (dots and int(last) < int(first)):
        raise BadInput(f"--seeds: expected a range such as 0..99; got {text!r}")
    return range(int(first), int(last or first) + 1)


class Total(msgspec.Struct):
    """A clause over all its seeds.

    Args:
        failing: seeds on which it was red.
        messages: the first lines of what was found, each once.
    """

    adapter: str
    version: str
    clause: str
    runs: int = 0
    cases: int = 0
    worst_ratio: float = 0.0
    failing: list[int] = []
    messages: list[str] = []


def totals(results: Iterable[AdapterResult]) -> list[Total]:
    """Clause by clause, for each adapter and version."""
    found: dict[tuple[str, str, str], Total] = {}
    for result in results:
        version = next(iter(result.versions.values()), "")
        for outcome in result.outcomes:
            key = (result.adapter, version, outcome.clause)
            total = found.setdefault(key, Total(*key))
            total.runs += 1
            total.cases += outcome.cases
            total.worst_ratio = max(total.worst_ratio, outcome.worst_ratio)
            if outcome in result.red:
                total.failing.append(result.seed)
                said = [_in_a_line(finding) for finding in outcome.findings] or [outcome.reason]
                total.messages = list(dict.fromkeys([*total.messages, *said]))
    return list(found.values())


def _in_a_line(finding: Finding) -> str:
    first = finding.message.partition("\n")[0]
    return f"{finding.kind}, {finding.route or 'the default route'}: {first}"
