"""How often the likely cause of a failure is right: `rnn-conformance measure diagnosis`.

Faults of the catalogue are performed on the clause that they name, and explained twice: by the whole
catalogue, which should name them, and by the catalogue without them, which should name nothing. Then faults
that are in no catalogue: two of it at once, of which none should be named unless it alone shows, and small
changes of the plain implementation, for which any name is wrong.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import click
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rnn_adapters.framework import Framework
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Fact
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.findings import Failed
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.diagnosis import SECONDS, TOLD, OutOfTime, explaining, failure_of, the_one
from rnn_conformance.faults.registry import all_faults, fault_framework
from rnn_conformance.measure.unknown_faults import PERTURBATIONS, combined, perturbed

T = TypeVar("T")

EXPENSIVE = ("LNG", "INT", "DRP")
"""Chapters whose cases take seconds each, or are random."""

CLAUSES_EACH = 8
"""Of a small change; drawn among all that are not expensive."""

MOST_SECONDS = 10.0
"""Of the search for one cause."""


@dataclass
class Score:
    """How the likely causes of findings came out."""

    right: int = 0
    wrong: int = 0
    unknown: int = 0
    untold: int = 0  # kinds of findings in which there is nothing to compare
    mistaken: list[str] = field(default_factory=list)

    def add(self, where: str, name: str, right: Collection[str]) -> None:
        """Count one finding, of which `name` was said."""
        if not name:
            self.unknown += 1
        elif name in right:
            self.right += 1
        else:
            self.wrong += 1
            self.mistaken.append(f"{where}: named {name}")

    @property
    def findings(self) -> int:
        return self.right + self.wrong + self.unknown

    def row(self, title: str) -> list[str]:
        """The numbers in words."""
        named = self.right + self.wrong
        precision = f"{self.right / named:.1%}" if named else "–"
        numbers = (self.findings, self.right, self.wrong, self.unknown, self.untold)
        return [title, *map(str, numbers), precision]


SPENT: list[float] = []
"""Seconds that each search took."""


def explained(framework: Framework, clause: str) -> tuple[list[list[str]], int]:
    """For each finding the faults that behave alike; and how many findings there is nothing to say of."""
    found, untold = list[list[str]](), 0

    def explain(check: Check, first: Failed, smallest: Failed, facts: Mapping[str, Fact]) -> str:
        nonlocal untold
        if first.error.kind not in TOLD:
            untold += 1
            return ""
        began = time.perf_counter()
        try:
            failure = failure_of(check, subject, first, smallest, facts)
            found.append(explaining(replace(failure, seconds=MOST_SECONDS)))
        except OutOfTime:
            untold += 1
        SPENT.append(time.perf_counter() - began)
        return ""

    subject = Subject(framework)
    perform(all_checks()[clause], subject, PROFILES["quick"], [], explain=explain)
    return found, untold


def of_the_catalogue(names: list[str]) -> tuple[Score, Score]:
    """How faults are named by the whole catalogue, and by what is left of it without them."""
    whole, without = Score(), Score()
    for name in tracked(names, "the catalogue"):
        clause = all_faults()[name].clause
        found, untold = explained(fault_framework(name), clause)
        where = f"{name}, {clause}"
        for alike in found:
            whole.add(where, the_one(alike, clause), [name])
            without.add(where, the_one([other for other in alike if other != name], clause), [])
        whole.untold += untold
        without.untold += untold
    return whole, without


def of_two_at_once(pairs: list[tuple[str, str]]) -> Score:
    """How two faults at once are named, on the clauses of both; either is right if it alone shows."""
    score = Score()
    for one, other in tracked(pairs, "two at once"):
        try:
            framework = combined(one, other)
        except TypeError:  # they cannot be in one class
            continue
        for clause in dict.fromkeys((all_faults()[one].clause, all_faults()[other].clause)):
            found, untold = explained(framework, clause)
            for alike in found:
                score.add(f"{one} and {other}, {clause}", the_one(alike, clause), [one, other])
            score.untold += untold
    return score


def of_small_changes(count: int, chance: random.Random) -> Score:
    """How small changes are named, on a few clauses each."""
    score = Score()
    clauses = [id for id in all_checks() if not id.startswith(EXPENSIVE)]
    for index in tracked(list(range(count)), "small changes"):
        kind = PERTURBATIONS[index % len(PERTURBATIONS)]
        framework = perturbed(kind, chance.randrange(1000))
        for clause in chance.sample(clauses, CLAUSES_EACH):
            found, untold = explained(framework, clause)
            for alike in found:
                score.add(f"{framework.name}, {clause}", the_one(alike, clause), [])
            score.untold += untold
    return score


def tracked(items: list[T], what: str) -> Iterable[T]:
    """The items, with a bar on standard error."""
    return track(items, what, console=Console(stderr=True), transient=True)


@click.command()
@click.option("--pairs", default=60, show_default=True, help="So many pairs of faults at once.")
@click.option("--changes", default=65, show_default=True, help="So many small changes.")
@click.option("--seed", default=0, show_default=True, help="Other pairs and changes.")
def main(pairs: int, changes: int, seed: int) -> None:
    """How often the likely cause of a failure is right."""
    chance = random.Random(seed)
    names = list(all_faults())
    table = Table("findings", "", "named right", "named wrong", "no known fault", "nothing to compare")
    table.add_column("precision")
    whole, without = of_the_catalogue(names)
    scores = {
        "faults of the catalogue": whole,
        "the same, held out": without,
        "two faults at once": of_two_at_once([_pair(chance, names) for _ in range(pairs)]),
        "small changes": of_small_changes(changes, chance),
    }
    for title, score in scores.items():
        table.add_row(*score.row(title))
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)
    click.echo(f"recall: {whole.right} of {whole.findings} findings of faults of the catalogue")
    middle, high = np.quantile(SPENT, (0.5, 0.95))
    within = np.mean(np.array(SPENT) <= SECONDS)
    click.echo(
        f"seconds for each: half within {middle:.2f}, 95 % within {high:.2f}; {within:.1%} in {SECONDS}"
    )
    for title, score in scores.items():
        for line in dict.fromkeys(score.mistaken):
            click.echo(f"{title}: {line}")


def _pair(chance: random.Random, names: list[str]) -> tuple[str, str]:
    one, other = chance.sample(names, 2)
    return one, other


if __name__ == "__main__":
    main()
