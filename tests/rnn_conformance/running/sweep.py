"""One adapter at many versions of its framework: what every clause says there, and every witness."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from rnn_adapters.registry import load_framework
from rnn_adapters.written_documents import canonical
from rnn_conformance.engine.case import to_data
from rnn_conformance.engine.deviations import Deviation, records_of
from rnn_conformance.engine.environment import this_environment
from rnn_conformance.engine.results import (
    AdapterResult,
    Witnessed,
    file_stem,
    read_result,
    results_path,
    write_whole,
)
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Job, Tried, TryWitness
from rnn_conformance.running.process import Stop, Stopped, Worker, empty_result, ends_process
from rnn_conformance.running.recording import same_run
from rnn_conformance.running.releases import requirements_at, worker_at
from rnn_conformance.running.sharing import Progress
from rnn_reference.errors import BadInput

SCHEMA = "rnn-conformance/sweep/1"


class Swept(msgspec.Struct, kw_only=True):
    """One version.

    Args:
        version: of the package that is swept.
        problem: why it could not be checked; "" where it was.
        versions: of the framework's packages, as the adapter tells them.
        results: the name of its results file, which lies beside the sweep's.
        witnesses: by record and clause.
    """

    version: str
    problem: str = ""
    versions: dict[str, str] = {}
    results: str = ""
    witnesses: dict[str, dict[str, Witnessed]] = {}
    seconds: float = 0.0


class Sweep(msgspec.Struct, kw_only=True):
    """A sweep, as it is kept in a file.

    Args:
        package: whose versions were tried; `beside` are the requirements that stood beside it.
        clauses: those that were asked for; none where only witnesses were run.
        swept: the oldest version first.
    """

    schema: str = SCHEMA
    adapter: str
    package: str
    beside: list[str] = []
    suite_version: str
    python: str
    platform: str
    profile: str
    seed: int
    clauses: list[str] = []
    swept: list[Swept] = []


@dataclass(frozen=True)
class Plan:
    """What a sweep is to do.

    Args:
        versions: of the package, the oldest first.
        beside: requirements that are installed with each of them; {version} in them is that of the package.
        clauses: those to ask; none: only the witnesses of records are run.
        folder: where results lie.
        cache: the folder of environments; None: in the user's cache folder.
        again: results that are there already are not used.
        deviations: a file of records besides those that ship with the framework.
        explained: what is found is made small, which takes most of the time where much is found.
    """

    adapter: str
    package: str
    versions: list[str]
    clauses: list[str]
    folder: Path
    beside: tuple[str, ...] = ()
    profile: str = "quick"
    seed: int = 0
    timeout: float = 600.0
    at_a_time: int = 1
    cache: Path | None = None
    again: bool = False
    deviations: str | None = None
    explained: bool = False

    def job(self, version: str, variables: dict[str, str] | None = None) -> Job:
        """The job that one version is."""
        return Job(
            self.adapter,
            self.clauses,
            self.profile,
            seed=self.seed,
            deviations_file=self.deviations,
            explained=self.explained,
            label=f"{self.adapter} {version}",
            variables=variables or {},
        )


def sweep(plan: Plan, stop: Stop, say: Callable[[str], None], progress: Progress | None = None) -> Sweep:
    """Check every version, and keep what comes of it in the plan's folder.

    A version that cannot be installed, or with which the adapter cannot be made, is one that says so.

    Args:
        say: told about versions while their witnesses are run.
        progress: told about the clauses that are asked.

    Raises:
        BadInput: no such adapter, or the folder cannot be written.
        Stopped: it was told to stop; what there is is kept.
    """
    framework = load_framework(plan.adapter)
    records = records_of(framework, plan.deviations)
    made = _empty(plan, framework.name)
    with ThreadPoolExecutor(plan.at_a_time) as pool:
        prepared = list(pool.map(lambda version: _prepare(plan, version, records, stop, say), plan.versions))
    made.swept = [swept for swept, _ in prepared]
    write_sweep(plan.folder, made)
    asked = {
        swept.version: plan.job(swept.version, variables)
        for swept, variables in prepared
        if plan.clauses and not swept.problem and (plan.again or not _complete(plan, made, swept))
    }
    answers = run_jobs(
        list(asked.values()),
        timeout=plan.timeout,
        at_a_time=plan.at_a_time,
        folder=plan.folder,
        progress=progress,
        stop=stop,
    )
    refusals = dict(zip(asked, (answer.refusal for answer in answers), strict=True))
    for swept in made.swept:
        swept.problem = swept.problem or refusals.get(swept.version, "")
        if plan.clauses and not swept.problem:
            swept.results = results_path(plan.folder, _expected(plan, made, swept)).name
    write_sweep(plan.folder, made)
    stop.check()
    return made


def _empty(plan: Plan, name: str) -> Sweep:
    told, where = empty_result(plan.job("")), this_environment()
    return Sweep(
        adapter=name,
        package=plan.package,
        beside=list(plan.beside),
        suite_version=told.suite_version,
        python=where.python,
        platform=where.platform,
        profile=plan.profile,
        seed=plan.seed,
        clauses=plan.clauses,
    )


def _prepare(
    plan: Plan, version: str, records: list[Deviation], stop: Stop, say: Callable[[str], None]
) -> tuple[Swept, dict[str, str]]:
    """Install a version and run the witnesses on it; with the variables of a process that finds it."""
    swept, began = Swept(version=version), time.perf_counter()
    packages = requirements_at(plan.package, version, plan.beside)
    try:
        worker = worker_at(plan.job(version), packages, plan.timeout, stop, plan.cache)
    except BadInput as error:
        swept.problem = str(error)
        say(f"{plan.package} {version}: {swept.problem.splitlines()[0]}")
        return swept, {}
    except Stopped:
        swept.problem = "interrupted"
        return swept, {}
    with ExitStack() as workers:
        workers.enter_context(worker)
        swept.versions = worker.started.versions
        with suppress(Stopped):  # what there is is kept
            swept.witnesses = _witnesses(plan, worker, records, stop, workers)
    swept.seconds = time.perf_counter() - began
    say(f"{plan.package} {version}: {len(swept.witnesses)} witnesses, {swept.seconds:.0f} s")
    return swept, worker.job.variables


def _witnesses(
    plan: Plan, worker: Worker, records: Iterable[Deviation], stop: Stop, workers: ExitStack
) -> dict[str, dict[str, Witnessed]]:
    """What comes of each witness. One that takes its process with it says so; the next gets a new one."""
    found: dict[str, dict[str, Witnessed]] = {}
    for record in records:
        for clause in record.clauses:
            if record.ends_process:
                case = to_data(record.witness_of(clause))
                ends = ends_process(worker.job, clause, case, plan.timeout, stop)
                came = Witnessed(routes={"in a process of its own": "deviates" if ends else "conforms"})
            else:
                tried = worker.try_witness(TryWitness(record.id, clause), plan.timeout)
                if isinstance(tried, Tried):
                    came = tried.witnessed
                else:
                    came = Witnessed(error=f"the process {tried.how}")
                    worker = workers.enter_context(Worker(worker.job, stop))
                    worker.start(plan.timeout)
            found.setdefault(record.id, {})[clause] = came
    return found


def _expected(plan: Plan, made: Sweep, swept: Swept) -> AdapterResult:
    """The results of a version, with no outcome yet."""
    result = empty_result(plan.job(swept.version))
    return msgspec.structs.replace(result, adapter=made.adapter, versions=swept.versions)


def _complete(plan: Plan, made: Sweep, swept: Swept) -> bool:
    """Whether an earlier sweep has left all that this one would find."""
    expected = _expected(plan, made, swept)
    try:
        there = read_result(results_path(plan.folder, expected))
    except BadInput:
        return False
    return same_run(there, expected) and {each.clause for each in there.outcomes} >= set(plan.clauses)


def sweep_path(folder: Path, adapter: str, package: str) -> Path:
    """Where a sweep is kept."""
    return folder / f"{file_stem(f'sweep-{adapter}-{package}')}.json"


def write_sweep(folder: Path, made: Sweep) -> Path:
    """Write a sweep down.

    Raises:
        BadInput: it cannot be written there.
    """
    path = sweep_path(folder, made.adapter, made.package)
    write_whole(path, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    return path


def read_sweep(path: Path) -> Sweep:
    """Read a sweep.

    Raises:
        BadInput: it is missing, or no sweep of this schema.
    """
    try:
        made = msgspec.json.decode(path.read_bytes(), type=Sweep)
    except OSError as error:
        raise BadInput(f"sweep {path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise BadInput(f"sweep {path}: {error}") from None
    if made.schema != SCHEMA:
        raise BadInput(f"sweep {path}: expected schema {SCHEMA}; got {made.schema}")
    return made


def results_of(made: Sweep, folder: Path) -> dict[str, AdapterResult]:
    """By version, the results that were kept.

    Raises:
        BadInput: a results file cannot be read.
    """
    return {swept.version: read_result(folder / swept.results) for swept in made.swept if swept.results}


def sweep_schema() -> dict[str, Any]:
    """The JSON schema of a sweep."""
    schema: dict[str, Any] = canonical(msgspec.json.schema(Sweep))
    return schema
