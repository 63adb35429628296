"""A run in parts, on several machines: each asks its share of the clauses; results are put together."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rnn_adapters.registry import load_framework
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.deviations import records_of
from rnn_conformance.engine.results import (
    AdapterResult,
    Outcome,
    read_result,
    results_path,
    write_result,
)
from rnn_conformance.running.messages import Job, Record
from rnn_conformance.running.recording import Answer, case_file, case_files, same_run
from rnn_conformance.running.worker import told
from rnn_reference.errors import BadInput


@dataclass(frozen=True)
class Shard:
    """One of several parts of a run.

    Args:
        number: which, from 1.
        count: of how many.
    """

    number: int
    count: int

    def share(self, clauses: list[str]) -> list[str]:
        """The clauses that are its: every so-manyth, since neighbours take about the same time."""
        return clauses[self.number - 1 :: self.count]


def parsed_shard(text: str) -> Shard:
    """The shard called "2/8".

    Raises:
        BadInput: it is none.
    """
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise BadInput(f"--shard: expected NUMBER/COUNT, such as 2/8, counted from 1; got {text!r}")
    return Shard(int(number), int(count))


def merge_folders(sources: Iterable[Path], folder: Path) -> list[Answer]:
    """Put together what parts of runs have left in folders of their own, and write it into one.

    Args:
        sources: folders that were named by `run --results`.
        folder: where the whole is written: results, and the cases of what was found.

    Returns:
        What a run of the whole would have answered.

    Raises:
        BadInput: a folder has no results, a file cannot be read or written, or two parts differ in more than
            in the clauses that they asked.
    """
    groups: dict[Path, list[tuple[Path, AdapterResult]]] = {}
    for source in sources:
        found = sorted(source.glob("*.json"))
        if not found:
            raise BadInput(f"results: expected a folder with results files; there is none in {source}")
        for path in found:
            result = read_result(path)
            groups.setdefault(results_path(folder, result), []).append((source, result))
    answers = list[Answer]()
    for parts in groups.values():
        whole = merged([result for _, result in parts])
        for source, result in parts:
            _copy_cases(source, result, folder)
        answers.append(_answer(whole, folder))
    return answers


def _answer(whole: AdapterResult, folder: Path) -> Answer:
    asked = [outcome.clause for outcome in whole.outcomes]
    job = Job(whole.asked_for, asked, whole.profile, seed=whole.seed, route=whole.route)
    answer = Answer(job, whole, path=write_result(folder, whole), records=_records(whole))
    for outcome in whole.outcomes:
        for index in range(len(outcome.findings)):
            path = case_file(folder, whole, outcome.clause, index)
            if path.exists():
                answer.cases[outcome.clause, index] = path
    return answer


def _records(whole: AdapterResult) -> list[Record]:
    """The records that apply, where the framework is known here."""
    try:
        framework = load_framework(whole.asked_for)
    except BadInput:
        return []
    applying = (r for r in records_of(framework) if r.applies_to(framework.name, whole.versions))
    return told(record for record in applying if not whole.route or record.claims(whole.route))


def merged(parts: list[AdapterResult]) -> AdapterResult:
    """Parts of one run as one: the clauses in the order of the spec, times added up.

    Raises:
        BadInput: they are not of one run, or two of them asked the same clause and disagree.
    """
    first, *others = parts
    for other in others:
        if not same_run(first, other):
            raise BadInput(
                f"results of {first.adapter}: expected parts of one run; they differ in versions, suite,"
                f" profile or seed: {_run_words(first)}, and {_run_words(other)}"
            )
    outcomes: dict[str, Outcome] = {}
    for outcome in (outcome for part in parts for outcome in part.outcomes):
        there = outcomes.setdefault(outcome.clause, outcome)
        if (there.verdict, there.digest) != (outcome.verdict, outcome.digest):
            raise BadInput(
                f"results of {first.adapter}: {outcome.clause} was asked twice: {there.verdict}, and then"
                f" {outcome.verdict}"
            )
    order = {clause: number for number, clause in enumerate(all_clauses())}
    return msgspec.structs.replace(
        first,
        started=min(part.started for part in parts),
        seconds=sum(part.seconds for part in parts),
        start_up_seconds=sum(part.start_up_seconds for part in parts),
        peak_memory_mib=max(part.peak_memory_mib for part in parts),
        interrupted=any(part.interrupted for part in parts),
        warnings=list(dict.fromkeys(warning for part in parts for warning in part.warnings)),
        outcomes=sorted(outcomes.values(), key=lambda outcome: order.get(outcome.clause, len(order))),
    )


def _run_words(result: AdapterResult) -> str:
    versions = ", ".join(f"{package} {version}" for package, version in result.versions.items())
    return f"{versions or 'no versions'}, suite {result.suite_version}, {result.profile}, seed {result.seed}"


def _copy_cases(source: Path, result: AdapterResult, folder: Path) -> None:
    """The cases of what was found, which are run again by their files."""
    for outcome in result.outcomes:
        for path in case_files(source, result, outcome.clause):
            target = folder / path.relative_to(source)
            if path.exists() and path != target:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
