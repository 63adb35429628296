"""A check: one clause, the cases to draw, what must hold; and how it is performed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from rnn_adapters.adapter import NotOffered, RouteKind, Supports
from rnn_conformance.engine.case import Case, to_data
from rnn_conformance.engine.compare import NonConforming, Tally
from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.profiles import Profile
from rnn_conformance.engine.results import Failure, Outcome
from rnn_conformance.engine.subject import Subject

Body = Callable[[Subject, Case], None]
Draw = Callable[[Mapping[str, Supports]], SearchStrategy[Case]]
"""From the ways into an implementation, by name, the usual one first, to cases that take one of them."""

EVIDENCE = 0.5
"""The share of compared elements that must have had an informative bound; below it a check is vacuous."""


@dataclass(frozen=True)
class Check:
    """One check of one clause.

    Args:
        clause: id of the clause.
        body: asserts the clause on one case, by the methods of `Subject`.
        draw: the cases for an implementation that supports this much.
        needs: names of `Supports` without which the clause does not apply.
        share: share of the profile's examples; below 1 for expensive cases.
        routes: kinds of routes that the clause is about. None named: it is about the usual way, and holds
            on every other that is not expensive.
    """

    clause: str
    body: Body
    draw: Draw
    needs: tuple[str, ...] = ()
    share: float = 1.0
    routes: tuple[RouteKind, ...] = ()

    def ways(self, subject: Subject) -> dict[str, Supports]:
        """The ways into an implementation on which the clause is checked, by name, the usual one first.

        Raises:
            NotOffered: there is none.
        """
        found = ["", *(name for name, route in subject.usual.routes.items() if not route.expensive)]
        if self.routes:
            found = [name for name, route in subject.usual.routes.items() if route.kind in self.routes]
        if not found:
            raise NotOffered(f"{subject.name} has no such way in: {', '.join(self.routes)}")
        supports = {name: subject.way(name).supports for name in found}
        lacking = {name: [n for n in self.needs if not of.has(n)] for name, of in supports.items()}
        if all(lacking.values()) or lacking.get(""):
            raise NotOffered(f"{subject.name} does not support: {', '.join(lacking[found[0]])}")
        return {name: of for name, of in supports.items() if not lacking[name]}

    @property
    def name(self) -> str:
        return self.body.__name__

    @property
    def title(self) -> str:
        """What the check says, in words."""
        return self.name.removeprefix("test_").replace("_", " ")


def check(
    clause: str,
    draw: Draw,
    *,
    needs: tuple[str, ...] = (),
    share: float = 1.0,
    routes: tuple[RouteKind, ...] = (),
) -> Callable[[Body], Callable[..., None]]:
    """Make a check of a function `(subject, case)`. pytest sees a test that takes the `perform` fixture."""

    def decorate(body: Body) -> Callable[..., None]:
        made = Check(clause, body, draw, needs, share, routes)

        def test(perform: Callable[[Check], None]) -> None:
            __tracebackhide__ = True
            perform(made)

        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        test.check = made  # type: ignore[attr-defined]
        return test

    return decorate


def perform(
    check: Check, subject: Subject, profile: Profile, deviations: list[Deviation], start: int = 0
) -> Outcome:
    """Perform a check: witnesses of its known deviations first, then the drawn cases.

    Args:
        deviations: the records that apply to this adapter at its versions, of any clause.
        start: seed of the drawing. The same seed draws the same cases.
    """
    began = time.perf_counter()
    subject.tally = tally = Tally()
    known = [deviation for deviation in deviations if check.clause in deviation.clauses]
    outcome = Outcome(
        clause=check.clause,
        title=check.title,
        verdict="pass",
        deviations=[deviation.id for deviation in known],
    )
    try:
        ways = check.ways(subject)
        fixed = [deviation for deviation in known if holds(check, subject, deviation.case)]
        subject.tally = tally = Tally()
        _draw_cases(check, ways, subject, profile, known, start)
        _judge(outcome, tally, fixed)
    except NotOffered as reason:
        outcome.verdict, outcome.reason = "unsupported", str(reason)
    except NonConforming as error:
        outcome.verdict, outcome.failure = "fail", failure_of(error, subject)
    except Flaky as error:
        outcome.verdict = "fail"
        outcome.failure = Failure(f"the same case passed once and failed once: {error}")
    for name in ("cases", "deviating_cases", "elements", "informative", "worst_ratio", "framework_seconds"):
        setattr(outcome, name, getattr(tally, name))
    outcome.ratio_quantiles = tally.quantiles()
    outcome.seconds = time.perf_counter() - began
    return outcome


def holds(check: Check, subject: Subject, case: Case) -> bool:
    """Whether the check passes on one case."""
    subject.take(case.route)
    try:
        check.body(subject, case)
    except NonConforming:
        return False
    return True


def perform_case(check: Check, subject: Subject, case: Case) -> Outcome:
    """Perform a check on one given case."""
    subject.tally = tally = Tally(cases=1)
    outcome = Outcome(clause=check.clause, title=check.title, verdict="pass", cases=1)
    subject.take(case.route)
    try:
        check.body(subject, case)
    except NotOffered as reason:
        outcome.verdict, outcome.reason = "unsupported", str(reason)
    except NonConforming as error:
        error.case = case
        tally.worst_ratio = max(tally.worst_ratio, error.ratio)
        outcome.verdict, outcome.failure = "fail", failure_of(error, subject)
    outcome.elements, outcome.informative = tally.elements, tally.informative
    outcome.worst_ratio, outcome.framework_seconds = tally.worst_ratio, tally.framework_seconds
    return outcome


def failure_of(error: NonConforming, subject: Subject) -> Failure:
    """The written form of what was found."""
    shown = subject.last_run or error.case
    return Failure(
        error.finding,
        None if error.case is None else to_data(error.case),
        "" if shown is None else repr(shown),
    )


def _judge(outcome: Outcome, tally: Tally, fixed: list[Deviation]) -> None:
    """The verdict when no drawn case failed."""
    if fixed:
        outcome.verdict = "fixed"
        outcome.reason = "; ".join(
            f"fixed: remove the record {deviation.id!r}, whose witness conforms now" for deviation in fixed
        )
    elif outcome.deviations and not tally.elements:
        outcome.verdict = "deviation"  # the record covers every case that can be drawn
    elif tally.informative < max(1, EVIDENCE * tally.elements):
        outcome.verdict = "vacuous"
        outcome.reason = (
            f"only {tally.informative} of {tally.elements} compared elements had an informative bound"
        )
    elif outcome.deviations:
        outcome.verdict = "deviation"


def _examples(check: Check, ways: Mapping[str, Supports], subject: Subject, profile: Profile) -> int:
    """How many cases of one round."""
    expensive = [name for name in ways if name and subject.usual.routes[name].expensive]
    if expensive:
        return max(
            round(profile.max_examples * check.share / 2), profile.per_expensive_route * len(expensive)
        )
    share = check.share * (1 if subject.usual.supports.expensive == "nothing" else profile.expensive_share)
    return max(2, round(profile.max_examples * share))


def _draw_cases(
    check: Check,
    ways: Mapping[str, Supports],
    subject: Subject,
    profile: Profile,
    known: list[Deviation],
    start: int,
) -> None:
    def run(case: Case) -> None:
        subject.tally.cases += 1
        subject.last_run = None
        if any(deviation.covers(case) for deviation in known):
            subject.tally.deviating_cases += 1
            return
        subject.take(case.route)
        try:
            check.body(subject, case)
        except NotOffered:
            if not case.route:
                raise
            subject.tally.cases -= 1  # this way cannot make such a call; others can
        except NonConforming as error:
            error.case = case
            subject.tally.worst_ratio = max(subject.tally.worst_ratio, error.ratio)
            raise

    run.__qualname__ = run.__name__ = check.name
    configured = settings(
        max_examples=_examples(check, ways, subject, profile),
        deadline=None,  # a first call may compile
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink) if profile.shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    test = configured(given(check.draw(ways))(run))
    stop = time.perf_counter() + profile.seconds_per_check
    for round_ in range(profile.rounds):
        seed(f"{check.clause}/{start + round_}")(test)()
        if time.perf_counter() > stop:
            return
