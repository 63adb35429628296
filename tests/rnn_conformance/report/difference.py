"""What two runs of one adapter have found that differs: the data, of which nothing is printed here."""

from __future__ import annotations

import msgspec

from rnn_conformance.engine.case import Fact
from rnn_conformance.engine.environment import THREADS, Environment
from rnn_conformance.engine.results import RED, VERDICTS, AdapterResult, Finding, Kind, Outcome, Verdict
from rnn_reference.errors import BadInput

SCHEMA = "rnn-conformance/difference/1"


class Side(msgspec.Struct, kw_only=True, frozen=True):
    """One of the two runs: what it was of, and where it was made."""

    adapter: str
    versions: dict[str, str]
    suite_version: str
    spec_version: str
    profile: str
    seed: int
    started: str
    environment: Environment
    interrupted: bool


class Change(msgspec.Struct, kw_only=True, frozen=True):
    """A verdict that is another one.

    Args:
        route: "" for the default route; None for the clause over all its routes.
        old, new: None where the clause was not asked on this route.
        regressed: whether it is red now, and was not, or was red for a lesser reason.
    """

    clause: str
    route: str | None
    old: Verdict | None
    new: Verdict | None
    regressed: bool


class Seen(msgspec.Struct, kw_only=True, frozen=True):
    """A finding as it is told apart from others: all but the message."""

    clause: str
    route: str
    kind: Kind
    facts: dict[str, Fact] = {}
    message: str = ""  # its first line

    def covers(self, other: Seen) -> bool:
        """Whether whoever knows this finding knows the other one.

        That is so where the other one is as wide or narrower: whatever shares its facts shares these, too.
        """
        alike = (self.clause, self.route, self.kind) == (other.clause, other.route, other.kind)
        return alike and self.facts.items() <= other.facts.items()


class Recorded(msgspec.Struct, kw_only=True, frozen=True):
    """A known deviation that a clause has met."""

    clause: str
    id: str


class Difference(msgspec.Struct, kw_only=True):
    """What changed from one run to another, in the clauses that both have checked.

    Args:
        checked: how many clauses both have checked.
        conditions: what differs besides the framework, by name: both values, in words.
        other_cases: clauses for which other cases were drawn. What changed there may be the cases' doing.
        clauses_new, clauses_gone: those that only one run has checked. They are compared with nothing.
        verdicts: those that are others, of clauses and of their routes.
        findings_new: those that no finding of the old run covers; each is a regression.
        findings_gone: those that no finding of the new run has to do with.
        deviations_new, deviations_gone: records that were met in one run only.
        regressed: the clauses that are worse: a verdict got red, or a finding is new.
    """

    schema: str = SCHEMA
    old: Side
    new: Side
    checked: int = 0
    conditions: dict[str, tuple[str, str]] = {}
    other_cases: list[str] = []
    clauses_new: list[str] = []
    clauses_gone: list[str] = []
    verdicts: list[Change] = []
    findings_new: list[Seen] = []
    findings_gone: list[Seen] = []
    deviations_new: list[Recorded] = []
    deviations_gone: list[Recorded] = []
    regressed: list[str] = []

    @property
    def is_regression(self) -> bool:
        """Whether anything is worse."""
        return bool(self.regressed)

    @property
    def is_change(self) -> bool:
        """Whether anything that was found is another thing, better or worse."""
        return bool(
            self.verdicts
            or self.findings_new
            or self.findings_gone
            or self.deviations_new
            or self.deviations_gone
        )


def difference(old: AdapterResult, new: AdapterResult) -> Difference:
    """What changed from one run of an adapter to another.

    Raises:
        BadInput: they are of different adapters, or have not checked one clause in common.
    """
    if old.adapter != new.adapter:
        raise BadInput(
            f"results to compare: expected two runs of one adapter; got {old.adapter} and {new.adapter}"
        )
    before, after = ({outcome.clause: outcome for outcome in run.outcomes} for run in (old, new))
    both = [(before[clause], after[clause]) for clause in after if clause in before]
    if not both:
        raise BadInput(
            f"results to compare: expected runs of {new.adapter} with clauses in common; got none in common"
        )
    found = Difference(
        old=_side(old),
        new=_side(new),
        checked=len(both),
        conditions=_differing_conditions(old, new),
        clauses_new=[clause for clause in after if clause not in before],
        clauses_gone=[clause for clause in before if clause not in after],
    )
    for one, other in both:
        if one.digest and other.digest and one.digest != other.digest:
            found.other_cases.append(other.clause)
        found.verdicts += _changes(one, other)
        known, now = seen_in(one), seen_in(other)
        found.findings_new += [each for each in now if not any(past.covers(each) for past in known)]
        found.findings_gone += [
            past for past in known if not any(past.covers(each) or each.covers(past) for each in now)
        ]
        met, meets = _recorded(one), _recorded(other)
        found.deviations_new += [record for record in meets if record not in met]
        found.deviations_gone += [record for record in met if record not in meets]
    worse = [change.clause for change in found.verdicts if change.regressed]
    worse += [each.clause for each in found.findings_new]
    found.regressed = [clause for clause in after if clause in worse]
    return found


def seen_in(outcome: Outcome) -> list[Seen]:
    """The findings of a clause."""
    return [seen(outcome.clause, finding) for finding in outcome.findings]


def seen(clause: str, finding: Finding) -> Seen:
    """What tells a finding from others."""
    return Seen(
        clause=clause,
        route=finding.route,
        kind=finding.kind,
        facts=finding.facts,
        message=finding.message.partition("\n")[0],
    )


def verdicts_of(outcome: Outcome) -> dict[str | None, Verdict]:
    """The verdict of the clause (None), and that of each of its routes."""
    return {None: outcome.verdict, **{route.route: route.verdict for route in outcome.routes}}


def got_red(old: Verdict | None, new: Verdict | None) -> bool:
    """Whether a verdict is red, and was not, or was for a lesser reason."""
    if new is None or new not in RED:
        return False
    return old is None or VERDICTS.index(new) < VERDICTS.index(old)


def _changes(one: Outcome, other: Outcome) -> list[Change]:
    old, new = verdicts_of(one), verdicts_of(other)
    return [
        Change(
            clause=other.clause,
            route=route,
            old=old.get(route),
            new=new.get(route),
            regressed=got_red(old.get(route), new.get(route)),
        )
        for route in {**old, **new}
        if old.get(route) != new.get(route)
    ]


def _recorded(outcome: Outcome) -> list[Recorded]:
    """The records that covered a case or a witness of the clause."""
    met = [id for id in outcome.deviations if id not in outcome.unused_deviations]
    return [Recorded(clause=outcome.clause, id=id) for id in met]


def _side(result: AdapterResult) -> Side:
    return Side(**{name: getattr(result, name) for name in Side.__struct_fields__})


def _differing_conditions(old: AdapterResult, new: AdapterResult) -> dict[str, tuple[str, str]]:
    """What may explain a difference, and is not the framework's version."""
    one, other = _conditions(old), _conditions(new)
    return {
        name: (one[name], other[name])
        for name in one
        if other.get(name) and one[name] and one[name] != other[name]
    }


def _conditions(result: AdapterResult) -> dict[str, str]:
    """What a run was made of and where; "" for what is not known of it."""
    environment = result.environment
    return {
        "suite": result.suite_version,
        "spec": result.spec_version,
        "profile": result.profile,
        "seed": str(result.seed),
        "interrupted": "yes" if result.interrupted else "no",
        "python": " ".join(filter(None, (environment.implementation, environment.python))),
        "platform": environment.platform,
        "processor": environment.processor,
        "cores": str(environment.cores or ""),
        **environment.packages,
        **{name: environment.threads.get(name, "not set") for name in THREADS},
    }
