"""How much of what a record covers deviates: `rnn-conformance measure records tf-keras`.

A record excuses every case that its condition describes, and of its own clauses such a case is no evidence
even where it conforms. Here cases are drawn that it covers, for each of its clauses, and run. Where many
conform, the condition is wider than the cause, or the cause shows in some numbers only; the facts beside
them, which no deviating case has, tell which. A narrower condition is right only if the source says so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import click

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import one_of
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import OF_ANY_CELL, Case
from rnn_conformance.engine.check import Check, Unsupported
from rnn_conformance.engine.compare import NonConforming, Tally
from rnn_conformance.engine.deviations import Deviation, claimed_routes, found_on
from rnn_conformance.engine.drawing import Enough, draw_cases
from rnn_conformance.engine.perform import seed_text, structures_of
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.running.session import Session
from rnn_reference.errors import BadInput

ROUND = 100
"""Cases that are drawn with one seed."""

ROUNDS = 40
"""So many rounds are drawn at most for cases that a record covers."""

ENOUGH = 3
"""So many conforming cases must share a fact that no deviating one has, for it to be told."""

SHOWN = 6
"""Facts that are told of one clause, the most common first."""

Told = tuple[str, str]
"""The name of a fact, and its value in words."""


@dataclass
class Width:
    """What came of the cases of one clause that a record covers.

    Args:
        deviating, conforming: on how many the framework does what the record says, and on how many what the
            clause says.
        of_others: on how many it does what another record says.
        otherwise: on how many it fails in a way that no record excuses.
        refused: for how many a route had no words.
        of_deviating, of_conforming: how often each fact occurred among them.
        why_not: why none was run; "" where some were.
    """

    deviating: int = 0
    conforming: int = 0
    of_others: int = 0
    otherwise: int = 0
    refused: int = 0
    of_deviating: Counter[Told] = field(default_factory=Counter)
    of_conforming: Counter[Told] = field(default_factory=Counter)
    why_not: str = ""

    @property
    def covered(self) -> int:
        return self.deviating + self.conforming + self.of_others + self.otherwise + self.refused

    @property
    def conforms_alone(self) -> list[tuple[Told, int]]:
        """Facts of conforming cases that no deviating one has, and how often each occurred."""
        if not self.deviating:
            return []
        found = [(told, n) for told, n in self.of_conforming.items() if not self.of_deviating[told]]
        return sorted(((told, n) for told, n in found if n >= ENOUGH), key=lambda each: (-each[1], each[0]))


def facts_of(case: Case) -> set[Told]:
    """The facts of a case, and what it has several of."""
    several = {(name, value) for name, (values, _) in OF_ANY_CELL.items() for value in values(case)}
    return {(name, str(value)) for name, value in case.facts.items()} | several


def width_of(session: Session, record: Deviation, clause: str, cases: int, seconds: float) -> Width:
    """Run so many cases of a clause that a record covers, or as many as there is time for."""
    check, width = all_checks()[clause], Width()
    if record.ends_process:
        return Width(why_not="ends the process")
    try:
        asked = check.asked_on(session.subject).routes
    except Unsupported as reason:
        return Width(why_not=str(reason))
    routes = claimed_routes(check, session.subject, asked, record)
    if not routes:
        return Width(why_not="no route that it claims can be asked")
    fatal = [each for each in session.deviations if each.ends_process and each.concerns(clause)]
    until = time.perf_counter() + seconds

    def visit(case: Case) -> None:
        if record.covers(case) and not any(each.covers(case) for each in fatal):
            _count(width, record, check, session, case)
        if width.covered >= cases or time.perf_counter() > until:
            raise Enough

    with suppress(Enough):
        for number in range(ROUNDS):
            seed = seed_text(check, session.seed + number)
            draw_cases(check.draw(routes), ROUND, seed, visit, structures_of(check, routes))
    if not width.covered:
        width.why_not = "no case that it covers was drawn"
    return width


def _count(width: Width, record: Deviation, check: Check, session: Session, case: Case) -> None:
    """One case that the record covers."""
    session.subject.tally = Tally()
    try:
        error, excusing = found_on(check, session.subject, case, [record])
    except CannotExpress:
        width.refused += 1
        return
    if error is None:
        width.conforming += 1
        width.of_conforming.update(facts_of(case))
    elif excusing:
        width.deviating += 1
        width.of_deviating.update(facts_of(case))
    elif any(each.concerns(check.clause) and each.covers(case) for each in _excusing(session, error)):
        width.of_others += 1
    else:
        width.otherwise += 1


def _excusing(session: Session, error: NonConforming) -> list[Deviation]:
    return [record for record in session.deviations if record.excuses(error)]


def asked_for(session: Session, ids: Iterable[str]) -> list[Deviation]:
    """The records that apply at the versions at hand; those that are named, or all.

    Raises:
        BadInput: a record that is named is not among them.
    """
    known = {record.id: record for record in session.deviations}
    for id_ in ids:
        one_of(f"record of {session.subject.name} at its versions", id_, known)
    return [known[id_] for id_ in ids or known]


def in_words(width: Width) -> str:
    """What came of a clause."""
    if width.why_not:
        return width.why_not
    counts = {
        f"of {width.covered} cases deviate": width.deviating,
        "conform": width.conforming,
        "deviate as another record says": width.of_others,
        "fail otherwise": width.otherwise,
        "refused": width.refused,
    }
    told = [f"{name} {value} ({n})" for (name, value), n in width.conforms_alone[:SHOWN]]
    needed = [f"{n} {what}" for what, n in counts.items() if n or what.startswith("of ")]
    return ", ".join(needed) + (f"; only where it conforms: {', '.join(told)}" if told else "")


@click.command()
@click.argument("adapters", nargs=-1, required=True)
@click.option("--record", "ids", multiple=True, help="One record, by its id; again for others.")
@click.option("--deviations", "file", default=None, help="Records besides those that ship, as of `run`.")
@click.option("--cases", default=40, show_default=True, help="Cases that it covers, for each of its clauses.")
@click.option("--seconds", default=20.0, show_default=True, help="For each clause of a record.")
@click.option("--seed", default=1_000_000, show_default=True, help="Of the first round.")
def main(
    adapters: tuple[str, ...], ids: tuple[str, ...], file: str | None, cases: int, seconds: float, seed: int
) -> None:
    """How much of what a record covers deviates: one that is too wide hides what conforms."""
    for name in adapters:
        try:
            session = Session(name, PROFILES["quick"], seed, file)
            records = asked_for(session, ids)
        except BadInput as error:
            raise click.UsageError(str(error)) from None
        for record in records:
            click.echo(f"{name}: {record.id}")
            for clause in record.clauses:
                click.echo(f"  {clause}: {in_words(width_of(session, record, clause, cases, seconds))}")
                session.subject.drop_caches()
        session.close()


if __name__ == "__main__":
    main()
