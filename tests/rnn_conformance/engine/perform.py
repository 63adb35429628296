"""Perform a check: witnesses of its known deviations, then drawn cases, then what was found made small."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import Supports, one_of
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Asked, Check, Unsupported
from rnn_conformance.engine.compare import NonConforming, Tally
from rnn_conformance.engine.deviations import Deviation, Witnesses, found_on, try_witnesses, within
from rnn_conformance.engine.drawing import Enough, Structures, draw_cases
from rnn_conformance.engine.findings import Explain, Failed, Search
from rnn_conformance.engine.profiles import Profile
from rnn_conformance.engine.results import Finding, Outcome, RouteOutcome, worst
from rnn_conformance.engine.subject import Subject

EVIDENCE = 0.5
"""The share of compared elements that must have had an informative bound; below it a check is vacuous."""

REFUSED_SHARE = 0.25
"""Of the cases of a route, and of all, so many may be refused for want of words; one always."""


@dataclass
class Drawn:
    """What came of the drawn cases.

    Args:
        tallies: what was looked at, by route.
        failed: the cases that failed, with their places among those drawn.
        passed: those that did not.
        conforming: what was looked at where a bounded record claims the case and it conforms all the same.
        refusals: the cases for which a route had no words, by route, with what it said.
        used: ids of the records that covered a case.
        digest: of all cases, one after the other.
        seed, place: of the round that was drawn last, and how many of its cases were.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)
    passed: list[Case] = field(default_factory=list)
    conforming: Tally = field(default_factory=Tally)
    refusals: dict[str, list[tuple[Case, str]]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    digest: str = ""
    seed: str = ""
    place: int = 0


def perform(
    check: Check,
    subject: Subject,
    profile: Profile,
    deviations: list[Deviation],
    start: int = 0,
    confirmed: Collection[str] = (),
    explain: Explain | None = None,
    kept: Sequence[Case] = (),
) -> Outcome:
    """The outcome of a check. Nothing that the framework does, and no mistake of our own, is raised.

    Args:
        deviations: the records that apply to this adapter at its versions, of any clause.
        start: seed of the drawing. The same seed draws the same cases.
        confirmed: ids of the records whose witness has ended a process of its own as recorded.
        explain: tells the likely cause of a finding.
        kept: counterexamples of earlier runs, which are tried besides what is drawn.
    """
    began = time.perf_counter()
    known = [
        deviation
        for deviation in deviations
        if deviation.concerns(check.clause) and not deviation.is_out_of_reach(subject)
    ]
    claimed = [deviation for deviation in known if check.clause in deviation.clauses]
    outcome = Outcome(clause=check.clause, title=check.title, verdict="pass")
    try:
        asked = check.asked_on(subject)
        witnesses = try_witnesses(check, subject, asked.routes, claimed, confirmed)
        drawn = _draw(check, asked.routes, subject, profile, known, start)
        outcome.findings = _findings(check, asked.routes, subject, profile, known, drawn, explain)
        outcome.findings += _still_failing(check, asked.routes, subject, known, drawn, kept, outcome.findings)
        elsewhere = [deviation.id for deviation in known if deviation.id in drawn.used]
        outcome.deviations = list(dict.fromkeys([*(record.id for record in claimed), *elsewhere]))
        _judge(outcome, asked, drawn, witnesses)
    except Unsupported as reason:
        outcome.verdict, outcome.reason = "unsupported", str(reason)
    except Exception as error:
        outcome.verdict, outcome.traceback = "error", traceback.format_exc()
        outcome.reason = f"the suite itself failed: {type(error).__name__}: {error}"
    outcome.seconds = time.perf_counter() - began
    return outcome


def perform_case(
    check: Check, subject: Subject, case: Case, known: list[Deviation], explain: Explain | None = None
) -> Outcome:
    """Perform a check on one given case.

    Args:
        explain: tells the likely cause of a finding.

    Raises:
        BadInput: there is no such route, or it is broken; or the check has no such variant.
    """
    variants = getattr(check.draw, "variants", None)
    if variants is not None:
        one_of(f"variant of a case of {check.clause}", case.variant, variants)
    outcome = Outcome(clause=check.clause, title=check.title, verdict="pass")
    subject.take(case.route)
    lacking = check.lacking(subject.adapter)
    covering = [d for d in known if d.concerns(check.clause) and d.covers(case)]
    outcome.deviations = [deviation.id for deviation in covering]
    drawn = Drawn(tallies={case.route: Tally()})
    if lacking:
        outcome.verdict = "unsupported"
        outcome.reason = f"{subject.name} does not support: {', '.join(lacking)}"
        return outcome
    try:
        _examine(check, subject, case, covering, drawn)
        for failed in drawn.failed:
            outcome.findings.append(failed.finding())
            if explain is not None:
                outcome.findings[-1].likely_cause = explain(check, failed, failed, {})
        _judge(outcome, Asked({case.route: subject.supports}, {}), drawn, Witnesses())
    except Exception as error:
        outcome.verdict, outcome.traceback = "error", traceback.format_exc()
        outcome.reason = f"the suite itself failed: {type(error).__name__}: {error}"
    return outcome


def _draw(
    check: Check,
    routes: Mapping[str, Supports],
    subject: Subject,
    profile: Profile,
    known: list[Deviation],
    start: int,
) -> Drawn:
    """Draw until the profile's cases, or its time, are spent."""
    drawn, digest = Drawn(), hashlib.blake2b(digest_size=16)
    if not routes:
        return drawn
    strategy, structures = check.draw(routes), structures_of(check, routes)
    count = examples_of(check, routes, subject, profile)
    stop = time.perf_counter() + profile.seconds_per_check
    began = subject.purse.now()
    for round_ in range(profile.rounds):
        drawn.seed, drawn.place = seed_text(check, start + round_), 0

        def visit(case: Case) -> None:
            digest.update(case.fingerprint)
            _examine(check, subject, case, known, drawn)
            drawn.place += 1
            if profile.until_failure and drawn.failed:
                raise Enough

        with suppress(Enough):
            draw_cases(strategy, count, drawn.seed, visit, structures)
        if drawn.failed or time.perf_counter() > stop:
            break
    subject.purse.earn(subject.purse.now() - began)
    drawn.digest = digest.hexdigest()
    return drawn


def structures_of(check: Check, routes: Mapping[str, Supports]) -> Structures | None:
    """The structures of the cases that a clause draws first, where it does not leave them to chance."""
    of_draw: Callable[[Mapping[str, Supports]], Structures | None] | None
    of_draw = getattr(check.draw, "structures", None)
    return None if of_draw is None else of_draw(routes)


def seed_text(check: Check, number: int) -> str:
    """What the drawing of a clause's cases starts from."""
    return f"{check.clause}/{number}"


def examples_of(check: Check, routes: Mapping[str, Supports], subject: Subject, profile: Profile) -> int:
    """How many cases of one round."""
    known = subject.framework.routes
    expensive = [name for name in routes if name and known[name].expensive]
    if expensive and (check.routes or not subject.alone):
        cases = round(profile.max_examples * check.share / 2)
        of_routes: Callable[[Mapping[str, Supports]], int] | None
        of_routes = getattr(check.draw, "rows_of_routes", None)
        least = 0 if of_routes is None else of_routes(routes)
        return max(cases, least, round(profile.per_expensive_route * check.share) * len(expensive))
    compiled = dict.fromkeys(("steps", "shapes"), profile.compiled_share)
    shares = {"nothing": 1.0, "sizes": profile.expensive_share, **compiled}
    share = check.share * min(shares[supports.expensive] for supports in routes.values())
    if any(supports.expensive == "shapes" for supports in routes.values()):
        share *= check.compiled
    return max(2, round(profile.max_examples * share))


def _examine(check: Check, subject: Subject, case: Case, known: list[Deviation], drawn: Drawn) -> None:
    """One case: what was asserted is counted, what failed is kept."""
    tally = drawn.tallies.setdefault(case.route, Tally())
    covering = [deviation for deviation in known if deviation.covers(case)]
    claiming = [deviation for deviation in covering if check.clause in deviation.clauses]
    drawn.used.update(deviation.id for deviation in claiming)
    tally.cases += 1
    if any(deviation.ends_process for deviation in covering):
        tally.deviating_cases += 1
        return
    subject.tally = Tally()
    try:
        error, excusing = found_on(check, subject, case, covering)
    except CannotExpress as reason:
        tally.refused_cases += 1
        drawn.refusals.setdefault(case.route, []).append((case, str(reason)))
        return
    finally:
        tally.framework_seconds += subject.tally.framework_seconds
        subject.tally.framework_seconds = 0.0
    if error is None:
        excusing = [deviation for deviation in claiming if not deviation.is_bounded]
    if excusing:
        drawn.used.update(deviation.id for deviation in excusing)
        tally.deviating_cases += 1  # its bounds are no evidence
        return
    tally.add(subject.tally)
    if error is None:
        drawn.passed.append(case)
        if claiming:
            drawn.conforming.add(replace(subject.tally, cases=1))
        return
    tally.worst_ratio = max(tally.worst_ratio, error.ratio)
    drawn.failed.append(Failed(case, error, subject.last_run, drawn.place))


def _findings(
    check: Check,
    routes: Mapping[str, Supports],
    subject: Subject,
    profile: Profile,
    known: list[Deviation],
    drawn: Drawn,
    explain: Explain | None,
) -> list[Finding]:
    """The distinct findings, each with the smallest case that could be found."""
    findings: list[Finding] = []
    if drawn.failed:
        search = Search(
            check,
            subject,
            check.draw(routes),
            drawn.seed,
            profile.shrink,
            known,
            explain,
            structures_of(check, routes),
        )
        findings = search.findings(drawn.failed, drawn.passed)
    for route, refusals in drawn.refusals.items():
        tally = drawn.tallies[route]
        if _too_many(tally) or _too_many(_total(drawn)):
            case, words = refusals[0]
            message = (
                f"{tally.refused_cases} of {tally.cases} cases were refused, as if the route had no words for"
                f" them; the first time it said: {words}"
            )
            refused = Failed(case, NonConforming(message, kind="refused"))
            findings.append(refused.finding(cases=tally.refused_cases))
    return findings


def _still_failing(
    check: Check,
    routes: Mapping[str, Supports],
    subject: Subject,
    known: list[Deviation],
    drawn: Drawn,
    kept: Sequence[Case],
    found: list[Finding],
) -> list[Finding]:
    """The counterexamples of earlier runs that still are some, but for what was found anew."""
    again, findings = Drawn(), list[Finding]()
    for case in kept:
        if case.route in routes and within(routes[case.route], case):
            _examine(check, subject, case, known, again)
    for route, tally in again.tallies.items():
        drawn.tallies.setdefault(route, Tally()).add(tally)
    drawn.used |= again.used
    for failed in again.failed:
        if not any(failed.is_like(each.kind, each.route, each.facts) for each in [*found, *findings]):
            findings.append(failed.finding())
    return findings


def _too_many(tally: Tally) -> bool:
    return tally.refused_cases > 1 + REFUSED_SHARE * tally.cases


def _total(drawn: Drawn) -> Tally:
    total = Tally()
    for tally in drawn.tallies.values():
        total.add(tally)
    return total


def _judge(outcome: Outcome, asked: Asked, drawn: Drawn, witnesses: Witnesses) -> None:
    """Verdicts of the routes and of the clause."""
    total = _total(drawn)
    for route, tally in drawn.tallies.items():
        of_route = RouteOutcome(route=route, verdict="pass")
        if any(finding.route == route for finding in outcome.findings):
            of_route.verdict = "fail"
        elif tally.deviating_cases:
            of_route.verdict = "deviation"
            if tally.deviating_cases == tally.cases:
                of_route.reason = "the record covers every case: nothing was asserted"
        for name in NUMBERS:
            setattr(of_route, name, getattr(tally, name))
        outcome.routes.append(of_route)
    outcome.routes += [
        RouteOutcome(route=route, verdict="broken adapter", reason=reason)
        for route, reason in asked.broken.items()
    ]
    for name in (*NUMBERS, "framework_seconds"):
        setattr(outcome, name, getattr(total, name))
    outcome.ratio_quantiles, outcome.digest = total.quantiles(), drawn.digest
    seen = {*drawn.used, *witnesses.deviating}
    outcome.unused_deviations = [id for id in outcome.deviations if id not in seen]
    reasons = [(each.verdict, each.reason) for each in outcome.routes]
    reasons += witnesses.verdicts
    if not outcome.findings and asked.routes and _is_vacuous(total, drawn.conforming):
        words = f"only {total.informative} of {total.elements} compared elements had an informative bound"
        reasons.append(("vacuous", words))
    outcome.verdict = worst([verdict for verdict, _ in reasons]) if reasons else "vacuous"
    if outcome.verdict == "pass" and witnesses.deviating:
        outcome.verdict = "deviation"
    outcome.reason = "; ".join(
        dict.fromkeys(reason for verdict, reason in reasons if verdict == outcome.verdict and reason)
    )


NUMBERS = ("cases", "deviating_cases", "refused_cases", "elements", "informative", "worst_ratio")
"""What is counted by route and in all."""


def _is_vacuous(tally: Tally, conforming: Tally) -> bool:
    """What conforms although a record claims it is evidence, but it is not typical of the check."""
    deviating = tally.deviating_cases + conforming.cases
    if tally.cases and deviating + tally.refused_cases == tally.cases:
        return not deviating  # a record may cover every case that can be drawn
    elements, informative = tally.elements - conforming.elements, tally.informative - conforming.informative
    return informative < max(1, EVIDENCE * elements)
