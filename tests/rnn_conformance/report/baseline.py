"""A baseline: what a run may find because it was there before; whatever else it finds is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from rnn_adapters.written_documents import canonical, decoded, encoded
from rnn_conformance.engine.case import Fact
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.results import (
    RED,
    AdapterResult,
    ClauseId,
    Kind,
    Outcome,
    Verdict,
    write_whole,
)
from rnn_conformance.report.difference import Seen, seen, seen_in, verdicts_of
from rnn_reference.errors import BadInput

SCHEMA: Literal["rnn-conformance/baseline/1"] = "rnn-conformance/baseline/1"

NEVER_KNOWN: tuple[Verdict, ...] = ("error", "broken adapter")
"""What could not be checked cannot be known."""

COMMENT = 200
"""Letters of a comment."""


class KnownFinding(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A finding that is known, and those that are narrower: whatever shares these facts.

    Args:
        route: "" for the default route.
        facts: fewer of them make it wider; none stand for every finding of this kind.
        comment: the first line of the message; not compared.
    """

    adapter: str
    clause: ClauseId
    route: str
    kind: Kind
    facts: dict[str, Fact] = {}
    comment: str = ""

    def covers(self, finding: Seen) -> bool:
        """Whether a finding of this adapter is known by it."""
        own = Seen(clause=self.clause, route=self.route, kind=self.kind, facts=self.facts)
        return own.covers(finding)


class KnownRed(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A red verdict that stands for no finding.

    Args:
        route: "" for the default route; None for the clause over all its routes.
        comment: the reason; not compared.
    """

    adapter: str
    clause: ClauseId
    route: str | None
    verdict: Verdict
    comment: str = ""

    def covers(self, other: KnownRed) -> bool:
        """Whether it is the same."""
        return msgspec.structs.replace(self, comment=other.comment) == other


class Baseline(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is known of one or several adapters, as it is kept in a file."""

    schema: Literal["rnn-conformance/baseline/1"] = SCHEMA
    findings: list[KnownFinding] = []
    reds: list[KnownRed] = []


@dataclass
class Judged:
    """A run in the light of a baseline.

    Args:
        new: by adapter and clause, the places of the findings that are new, in the order of the outcome.
        new_reds: red verdicts without a finding that are new.
        known, known_reds: entries of the baseline that were found again.
        gone, gone_reds: entries whose clause was checked and which were not.
    """

    new: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    new_reds: list[KnownRed] = field(default_factory=list)
    known: list[KnownFinding] = field(default_factory=list)
    known_reds: list[KnownRed] = field(default_factory=list)
    gone: list[KnownFinding] = field(default_factory=list)
    gone_reds: list[KnownRed] = field(default_factory=list)

    def is_new(self, result: AdapterResult, outcome: Outcome) -> bool:
        """Whether there is anything in an outcome that is not known."""
        place = (result.adapter, outcome.clause)
        return bool(self.new.get(place)) or any((red.adapter, red.clause) == place for red in self.new_reds)


@dataclass(frozen=True)
class Known:
    """What a run may know beforehand.

    Args:
        path: of the baseline; None: there is none, and everything is new.
        update: the baseline is to know what the run finds, so that nothing is new.
    """

    path: Path | None
    update: bool
    baseline: Baseline

    @staticmethod
    def at(path: Path | None, *, update: bool, one_case: bool) -> Known:
        """The baseline in a file, which may be missing where it is to be written.

        Args:
            one_case: the run is of one case, of which it is not known which facts matter.

        Raises:
            BadInput: it is none; or there is nothing to update, or to compare with.
        """
        if path is None and update:
            raise BadInput("--update-baseline: expected --baseline FILE, too; got none")
        if path is not None and one_case:
            raise BadInput("--baseline: expected a run of drawn cases; got --case")
        missing = path is None or (update and not path.exists())
        return Known(path, update, Baseline() if path is None or missing else read_baseline(path))

    def is_bad(self, result: AdapterResult, outcome: Outcome) -> bool:
        """Whether an outcome is red, and in the baseline there is no word of it."""
        if self.update:
            return outcome.verdict in NEVER_KNOWN
        return judge(self.baseline, [msgspec.structs.replace(result, outcomes=[outcome])]).is_new(
            result, outcome
        )

    def judge(self, results: list[AdapterResult]) -> Judged | None:
        """The runs in the light of the baseline, which is written where it is to be updated.

        Returns:
            None where there is no baseline.

        Raises:
            BadInput: it cannot be written.
        """
        if self.path is None:
            return None
        if not self.update:
            return judge(self.baseline, results)
        now = updated(self.baseline, results)
        write_baseline(self.path, now)
        return judge(now, results)


def judge(baseline: Baseline, results: list[AdapterResult]) -> Judged:
    """What of some runs is new, known, and gone."""
    judged = Judged()
    for result, outcome in _outcomes(results):
        findings, reds = _of(baseline, result, outcome)
        found, now = seen_in(outcome), list(reds_of(result, outcome))
        new = [place for place, each in enumerate(found) if not any(known.covers(each) for known in findings)]
        if new:
            judged.new[result.adapter, outcome.clause] = new
        judged.new_reds += [red for red in now if not any(known.covers(red) for known in reds)]
        known = [entry for entry in findings if any(map(entry.covers, found))]
        known_reds = [entry for entry in reds if any(map(entry.covers, now))]
        judged.known += known
        judged.known_reds += known_reds
        if outcome.verdict != "error":  # nobody knows what would have been found
            judged.gone += [entry for entry in findings if entry not in known]
            judged.gone_reds += [entry for entry in reds if entry not in known_reds]
    return judged


def updated(baseline: Baseline, results: list[AdapterResult]) -> Baseline:
    """The baseline that knows all that these runs found, and of their clauses nothing else.

    An entry that covers what was found stays as it is, so that facts that were left out by hand stay out.
    What is known of other adapters and clauses stays, and so does what could not be checked.
    """
    judged = judge(baseline, results)
    findings = [entry for entry in baseline.findings if entry not in judged.gone]
    reds = [entry for entry in baseline.reds if entry not in judged.gone_reds]
    for result, outcome in _outcomes(results):
        for place in judged.new.get((result.adapter, outcome.clause), []):
            found = seen(outcome.clause, outcome.findings[place])
            findings.append(
                KnownFinding(
                    adapter=result.adapter,
                    clause=found.clause,
                    route=found.route,
                    kind=found.kind,
                    facts=dict(sorted(found.facts.items())),
                    comment=found.message[:COMMENT],
                )
            )
    reds += [red for red in judged.new_reds if red.verdict not in NEVER_KNOWN]
    return Baseline(findings=sorted(findings, key=_place), reds=sorted(reds, key=_place))


def reds_of(result: AdapterResult, outcome: Outcome) -> Iterator[KnownRed]:
    """The red verdicts of an outcome for which no finding stands."""
    reasons: dict[str | None, str] = {route.route: route.reason for route in outcome.routes}
    reasons[None] = outcome.reason
    verdicts = verdicts_of(outcome)
    explained = {finding.route for finding in outcome.findings}
    for route, verdict in verdicts.items():
        if verdict not in RED:
            continue
        if verdict == "fail" and (route in explained or (route is None and explained)):
            continue
        if route is None and verdict in [verdicts[each] for each in verdicts if each is not None]:
            continue  # that of a route, which says more
        yield KnownRed(
            adapter=result.adapter,
            clause=outcome.clause,
            route=route,
            verdict=verdict,
            comment=reasons[route].partition("\n")[0][:COMMENT],
        )


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        BadInput: it is missing, or breaks the schema.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"--baseline: {path}: {error.strerror}; --update-baseline writes what a run finds there"
        ) from None
    baseline = decoded(content, Baseline, f"baseline {path}")
    for red in baseline.reds:
        if red.verdict not in RED or red.verdict in NEVER_KNOWN:
            expected = ", ".join(verdict for verdict in RED if verdict not in NEVER_KNOWN)
            raise BadInput(f"baseline {path}: reds: expected a verdict of {expected}; got {red.verdict!r}")
    return baseline


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline: sorted, an entry in a few lines, so that a change of it can be reviewed.

    Raises:
        BadInput: it cannot be written there.
    """
    write_whole(path, msgspec.json.format(encoded(baseline), indent=1) + b"\n")


def baseline_schema() -> dict[str, Any]:
    """The JSON schema of a baseline."""
    schema: dict[str, Any] = canonical(msgspec.json.schema(Baseline))
    return schema


def _outcomes(results: list[AdapterResult]) -> Iterator[tuple[AdapterResult, Outcome]]:
    for result in results:
        yield from ((result, outcome) for outcome in result.outcomes)


def _of(
    baseline: Baseline, result: AdapterResult, outcome: Outcome
) -> tuple[list[KnownFinding], list[KnownRed]]:
    """What the baseline says of a clause of an adapter."""
    place = (result.adapter, outcome.clause)
    return (
        [entry for entry in baseline.findings if (entry.adapter, entry.clause) == place],
        [entry for entry in baseline.reds if (entry.adapter, entry.clause) == place],
    )


def _place(entry: KnownFinding | KnownRed) -> tuple[Any, ...]:
    """Where an entry stands: by adapter, then in the order of the spec."""
    order = list(all_clauses())
    clause = order.index(entry.clause) if entry.clause in order else len(order)
    place = (entry.adapter, clause, entry.clause, entry.route or "")
    if isinstance(entry, KnownRed):
        return *place, entry.verdict
    return *place, entry.kind, repr(sorted(entry.facts.items()))
