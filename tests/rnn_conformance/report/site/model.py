"""All that the pages show: runs, the clauses of the spec, the catalogue of faults, records of deviations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from rnn_adapters.registry import built_in
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.clauses import Clause, all_clauses
from rnn_conformance.engine.deviations import Deviation, parse_deviations, read_deviations
from rnn_conformance.engine.results import Outcome
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.report.site.runs import Implementation, Run, implementations


@dataclass(frozen=True)
class Chapter:
    """A chapter of the spec that has clauses."""

    title: str
    file: str  # in spec/
    clauses: tuple[Clause, ...]

    @property
    def anchor(self) -> str:
        return f"chapter-{Path(self.file).stem}"


@dataclass(frozen=True)
class CatalogueFault:
    """A faulty implementation that the suite must catch."""

    name: str
    clause: str  # that must catch it
    what: str  # it gets wrong

    @property
    def anchor(self) -> str:
        return f"fault-{self.name}"


@dataclass(frozen=True)
class Site:
    """What there is to show.

    Args:
        implementations: frameworks first, then what is wrong on purpose.
        left_out: runs that are not shown: a newer one is of the same versions.
        records: of deviations, by id.
    """

    implementations: list[Implementation]
    left_out: list[Run]
    records: dict[str, Deviation]

    @cached_property
    def chapters(self) -> list[Chapter]:
        """In the order of the spec."""
        by_file: dict[str, list[Clause]] = {}
        for clause in all_clauses().values():
            by_file.setdefault(clause.file, []).append(clause)
        return [Chapter(clauses[0].chapter, file, tuple(clauses)) for file, clauses in by_file.items()]

    @cached_property
    def clauses(self) -> dict[str, Clause]:
        return dict(all_clauses())

    @cached_property
    def faults(self) -> dict[str, CatalogueFault]:
        """The catalogue, by name."""
        return {
            name: CatalogueFault(name, fault.clause, " ".join((fault.__doc__ or "").split()))
            for name, fault in all_faults().items()
        }

    def faults_of(self, clause: str) -> list[CatalogueFault]:
        """The faults that a clause must catch."""
        return [fault for fault in self.faults.values() if fault.clause == clause]

    def title(self, clause: str) -> str:
        """What its check says, in words."""
        check = all_checks().get(clause)
        return check.title if check else ""

    @property
    def frameworks(self) -> list[Implementation]:
        """What is not wrong on purpose."""
        return [each for each in self.implementations if not each.is_fault]

    def outcomes(self, clause: str) -> list[tuple[Implementation, Outcome]]:
        """How a clause came out in the latest run of each implementation that was asked."""
        return [
            (each, each.latest.outcomes[clause])
            for each in self.implementations
            if clause in each.latest.outcomes
        ]

    def deviations(self, clause: str) -> dict[str, list[Implementation]]:
        """The ids of the records that apply to a clause, and of whom."""
        found: dict[str, list[Implementation]] = {}
        for implementation, outcome in self.outcomes(clause):
            for id in outcome.deviations:
                found.setdefault(id, []).append(implementation)
        return found

    def deviations_of(self, implementation: Implementation) -> dict[str, list[str]]:
        """The ids of the records that apply to an implementation, and the clauses that show them."""
        found: dict[str, list[str]] = {}
        for outcome in implementation.latest.result.outcomes:
            for id in outcome.deviations:
                found.setdefault(id, []).append(outcome.clause)
        return found

    def unknown_clauses(self, run: Run) -> list[str]:
        """The clauses of a run that the spec of this suite does not have."""
        return [id for id in run.outcomes if id not in self.clauses]


def site_of(runs: Iterable[Run], deviations: Iterable[str] = ()) -> Site:
    """The site of these runs.

    Args:
        deviations: files of records besides those of this distribution's frameworks.

    Raises:
        BadInput: one of them cannot be read.
    """
    found, left_out = implementations(runs)
    sources = dict.fromkeys(framework.deviations for framework in built_in().values() if framework.deviations)
    records: list[Deviation] = []
    for source in sources:
        package, _, name = source.partition("/")
        records += parse_deviations((files(package) / name).read_bytes(), source)
    for path in deviations:
        records += read_deviations(path)
    return Site(found, left_out, {record.id: record for record in records})
