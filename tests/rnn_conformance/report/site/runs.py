"""Results files, sorted by who made them: an implementation has a run for each of its versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from packaging.version import InvalidVersion, Version

from rnn_adapters.declarations import Conventions
from rnn_adapters.framework import Framework
from rnn_adapters.registry import built_in
from rnn_conformance.engine.clauses import Clause
from rnn_conformance.engine.results import (
    SCHEMA,
    VERDICTS,
    AdapterResult,
    Finding,
    Outcome,
    Verdict,
    read_result,
)
from rnn_conformance.faults.registry import PREFIX
from rnn_conformance.report.terminal import but_for_the_route
from rnn_reference.errors import BadInput


@dataclass(frozen=True)
class Run:
    """A results file."""

    result: AdapterResult
    path: Path

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """By clause."""
        return {outcome.clause: outcome for outcome in self.result.outcomes}

    def outcomes_of(self, clauses: Iterable[Clause]) -> list[Outcome]:
        """Those of these clauses that were asked."""
        return [self.outcomes[clause.id] for clause in clauses if clause.id in self.outcomes]

    @property
    def versions(self) -> str:
        """All versions, in words."""
        return ", ".join(f"{package} {number}" for package, number in self.result.versions.items())

    @property
    def cases(self) -> int:
        return sum(outcome.cases for outcome in self.result.outcomes)

    @property
    def elements(self) -> int:
        return sum(outcome.elements for outcome in self.result.outcomes)

    @property
    def unsupported(self) -> dict[str, list[str]]:
        """The clauses that are not asked, by the reason."""
        reasons: dict[str, list[str]] = {}
        for outcome in self.result.outcomes:
            if outcome.verdict == "unsupported":
                reasons.setdefault(outcome.reason, []).append(outcome.clause)
        return reasons

    @property
    def told(self) -> list[tuple[str, str]]:
        """What the file says of the run as a whole, by name, whatever its schema has."""
        document = msgspec.to_builtins(msgspec.structs.replace(self.result, outcomes=[], warnings=[]))
        return [(name, said) for name, said in _flat(document) if said and name != "schema"]


def _flat(document: Mapping[str, Any], within: str = "") -> Iterable[tuple[str, str]]:
    for name, value in document.items():
        words = " ".join((within, name.replace("_", " "))).strip()
        if isinstance(value, Mapping):
            yield from _flat(value, "" if name == "environment" else words)
        elif isinstance(value, float):
            yield words.removesuffix(" mib") + " (MiB)" * words.endswith(" mib"), f"{value:.1f}"
        elif not isinstance(value, (list, bool)):
            yield words, str(value)


@dataclass(frozen=True)
class Implementation:
    """What was checked, by the name of its adapter.

    Args:
        slug: its name as part of addresses; no other implementation has it.
        runs: one for each of its versions, the oldest first.
    """

    name: str
    slug: str
    runs: tuple[Run, ...]

    @property
    def latest(self) -> Run:
        return self.runs[-1]

    @property
    def is_fault(self) -> bool:
        """Whether it is wrong on purpose."""
        return self.name.startswith(PREFIX)

    @property
    def framework(self) -> Framework | None:
        """What is known of it without importing it; None where it is none of this distribution's."""
        return built_in().get(self.name)

    @property
    def conventions(self) -> Conventions | None:
        return self.framework.conventions if self.framework else None

    def release(self, run: Run) -> str:
        """The version of its first package, and the others in which its runs differ."""
        first, *others = run.result.versions or ("",)
        differing = [
            package for package in others if len({of.result.versions.get(package) for of in self.runs}) > 1
        ]
        return ", ".join(
            f"{package} {run.result.versions[package]}" for package in (first, *differing) if package
        )

    @property
    def changed(self) -> list[str]:
        """The clauses that did not come out alike where they were asked, in the order of the latest run."""
        clauses = dict.fromkeys(clause for run in reversed(self.runs) for clause in run.outcomes)
        verdicts = {
            clause: {run.outcomes[clause].verdict for run in self.runs if clause in run.outcomes}
            for clause in clauses
        }
        return [clause for clause, different in verdicts.items() if len(different) > 1]


def verdict_in(run: Run, clause: str) -> Verdict | None:
    """How a clause came out; None where it was not asked."""
    outcome = run.outcomes.get(clause)
    return outcome.verdict if outcome else None


def alike(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings that say the same on several routes, together."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(but_for_the_route(finding), []).append(finding)
    return list(groups.values())


def routes_by_verdict(outcome: Outcome) -> dict[Verdict, list[str]]:
    """The routes on which a clause was asked, the worst verdict first."""
    groups: dict[Verdict, list[str]] = {}
    for route in sorted(outcome.routes, key=lambda route: VERDICTS.index(route.verdict)):
        groups.setdefault(route.verdict, []).append(route.route or "default")
    return groups


def read_runs(paths: Iterable[Path]) -> list[Run]:
    """The results in files, and in folders that `run` or `sweep` wrote.

    Raises:
        BadInput: one cannot be read or is no results file, or a folder has none.
    """
    runs: list[Run] = []
    for path in paths:
        files = (
            [file for file in sorted(path.glob("*.json")) if _may_be_results(file)]
            if path.is_dir()
            else [path]
        )
        if not files:
            raise BadInput(f"results: expected files of `rnn-conformance run` in {path}; there is none")
        runs += [Run(read_result(file), file) for file in files]
    return runs


class _Head(msgspec.Struct):
    schema: str = SCHEMA


def _may_be_results(path: Path) -> bool:
    """Whether a file does not say that it is something else, such as a sweep, which lies beside results."""
    try:
        schema = msgspec.json.decode(path.read_bytes(), type=_Head).schema
    except (OSError, msgspec.DecodeError):
        return True  # `read_result` says what is wrong
    return schema.rpartition("/")[0] == SCHEMA.rpartition("/")[0]


def implementations(runs: Iterable[Run]) -> tuple[list[Implementation], list[Run]]:
    """Those that the runs are of; and the runs that are left out, as a newer one is of the same versions.

    First the frameworks of this distribution in their order, then others, then faults.
    """
    newest: dict[tuple[str, tuple[tuple[str, str], ...]], Run] = {}
    left_out: list[Run] = []
    for run in sorted(runs, key=lambda run: run.result.started):
        key = (run.result.adapter, tuple(run.result.versions.items()))
        if key in newest:
            left_out.append(newest[key])
        newest[key] = run
    by_name: dict[str, list[Run]] = {}
    for run in newest.values():
        by_name.setdefault(run.result.adapter, []).append(run)
    known = [*built_in()]
    names = sorted(
        by_name,
        key=lambda name: (name.startswith(PREFIX), known.index(name) if name in known else len(known), name),
    )
    slugs: set[str] = set()
    return [
        Implementation(name, _slug(name, slugs), tuple(sorted(by_name[name], key=_age))) for name in names
    ], left_out


def _slug(name: str, taken: set[str]) -> str:
    """A name that no other has, whether or not a file system tells capital letters apart."""
    plain = re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-.") or "unnamed"
    slug, number = plain, 2
    while slug in taken:
        slug, number = f"{plain}-{number}", number + 1
    taken.add(slug)
    return slug


def _age(run: Run) -> tuple[list[Version], str]:
    """By versions; what is no version is older than any."""
    return [_version(number) for number in run.result.versions.values()], run.result.started


def _version(number: str) -> Version:
    try:
        return Version(number)
    except InvalidVersion:
        return Version("0.dev0")
