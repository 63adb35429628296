"""Between two versions of a framework: the release in which a finding came, or went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from rnn_conformance.engine.results import Finding
from rnn_conformance.running.messages import Checked, Job, Perform
from rnn_conformance.running.process import Lost, Stop, Worker, lost_outcome
from rnn_conformance.running.releases import requirements_at, worker_at
from rnn_reference.errors import BadInput

Change = Literal["came", "went"]

SHOWING = {True: "shows it", False: "does not show it", None: "cannot be asked"}
"""What is said of a version."""


@dataclass(frozen=True)
class Turn:
    """A finding that one of the two versions has and the other has not.

    Args:
        change: whether it came or went, from the older version to the newer.
        at: the first release in which it is so.
        before: the last one before, in which it is not.
        unusable: releases between the two that could not be asked.
    """

    clause: str
    finding: Finding
    change: Change
    at: str
    before: str
    unusable: tuple[str, ...] = ()


@dataclass
class Bisection:
    """The search in a list of releases.

    Findings are compared by replaying their cases: the same case, failing in the same kind, is the same one.

    Args:
        adapter: whose framework it is.
        package: whose releases they are; `beside` are requirements that stand beside it.
        releases: the oldest first.
    """

    adapter: str
    package: str
    releases: list[str]
    stop: Stop
    say: Callable[[str], None]
    beside: tuple[str, ...] = ()
    profile: str = "quick"
    seed: int = 0
    timeout: float = 600.0
    cache: Path | None = None
    _shown: dict[tuple[str, str, str], bool | None] = field(default_factory=dict, init=False)

    def between(self, clause: str, older: str, newer: str) -> list[Turn]:
        """For each finding of the clause that one version has and the other has not, when that changed.

        Known deviations are left aside: a finding is one whether it is recorded or not.

        Raises:
            BadInput: a version is not among the releases, or cannot be checked.
            Stopped: it was told to stop.
        """
        turns = list[Turn]()
        for has, lacks in ((newer, older), (older, newer)):
            for finding in self.findings(clause, has):
                if finding.case is not None and self.shows(lacks, clause, finding) is False:
                    turns.append(self.turn(clause, finding, older, newer))
        return turns

    def findings(self, clause: str, version: str) -> list[Finding]:
        """Those of a clause at a version.

        Raises:
            BadInput: it cannot be checked.
            Stopped: it was told to stop.
        """
        with self._worker(version, [clause]) as worker:
            came = worker.perform(Perform(clause), self.timeout)
            found = lost_outcome(clause, "", came) if isinstance(came, Lost) else came.outcome
        if found.verdict in ("error", "broken adapter"):
            raise BadInput(f"{self.package} {version}: {clause}: {found.verdict}: {found.reason}")
        self.say(f"{self.package} {version}: {clause}: {found.verdict}, {len(found.findings)} findings")
        for finding in found.findings:
            if finding.case is not None:
                self._shown[version, clause, _key(finding)] = True
        return found.findings

    def turn(self, clause: str, finding: Finding, older: str, newer: str) -> Turn:
        """Between two versions of which one shows a finding and the other does not: where that changed.

        Raises:
            BadInput: both show it, or neither does.
            Stopped: it was told to stop.
        """
        first, last = self._place(older), self._place(newer)
        at_first = self.shows(older, clause, finding)
        at_last = self.shows(newer, clause, finding)
        if at_first is None or at_last is None or at_first == at_last:
            raise BadInput(
                f"versions: expected one that shows the finding and one that does not; {older}"
                f" {SHOWING[at_first]}, {newer} {SHOWING[at_last]}"
            )
        low, high, unusable = first, last, set[int]()
        while between := [place for place in range(low + 1, high) if place not in unusable]:
            middle = between[len(between) // 2]
            shown = self.shows(self.releases[middle], clause, finding)
            if shown is None:
                unusable.add(middle)
            elif shown == at_first:
                low = middle
            else:
                high = middle
        return Turn(
            clause,
            finding,
            "came" if at_last else "went",
            self.releases[high],
            self.releases[low],
            tuple(self.releases[place] for place in sorted(unusable) if low < place < high),
        )

    def shows(self, version: str, clause: str, finding: Finding) -> bool | None:
        """Whether a version shows a finding on its case; None where it cannot be asked.

        Raises:
            Stopped: it was told to stop.
        """
        key = (version, clause, _key(finding))
        if key not in self._shown:
            try:
                with self._worker(version, [clause]) as worker:
                    came = worker.perform(Perform(clause, case=finding.case), self.timeout)
            except BadInput as error:
                self._shown[key] = None
                self.say(f"{self.package} {version}: {str(error).splitlines()[0]}")
                return None
            self._shown[key] = _told(came, finding)
            self.say(f"{self.package} {version}: {clause}: {SHOWING[self._shown[key]]}")
        return self._shown[key]

    def _place(self, version: str) -> int:
        if version not in self.releases:
            raise BadInput(f"version: expected one of {', '.join(self.releases)}; got {version!r}")
        return self.releases.index(version)

    @contextmanager
    def _worker(self, version: str, clauses: list[str]) -> Iterator[Worker]:
        job = Job(self.adapter, clauses, self.profile, seed=self.seed, bare=True)
        packages = requirements_at(self.package, version, self.beside)
        with worker_at(job, packages, self.timeout, self.stop, self.cache) as worker:
            yield worker


def _key(finding: Finding) -> str:
    """What a finding is known by: its kind, and the case that shows it."""
    return finding.kind + msgspec.json.encode(finding.case).decode()


def _told(came: Checked | Lost, finding: Finding) -> bool | None:
    if isinstance(came, Lost):
        return came.kind == finding.kind
    if came.outcome.verdict in ("error", "broken adapter", "unsupported"):
        return None
    return any(found.kind == finding.kind for found in came.outcome.findings)
