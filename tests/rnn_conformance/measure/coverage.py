"""Which option values occur together in what a profile draws, and which that could do not.

`rnn-conformance measure coverage`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from rnn_adapters.declarations import Supports
from rnn_adapters.registry import load_framework
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES, Profile
from rnn_conformance.engine.subject import Subject

Value = str
Pair = tuple[tuple[str, Value], tuple[str, Value]]
"""Two options, each with a value, in the order of `options_of`."""


COMMON = ("tanh", "relu")
"""Activations that every framework has."""


def options_of(case: Case) -> dict[str, Value] | None:
    """The options of a case and their values.

    None for one of degenerate size, or of a type or activation of which a chapter of its own draws cases.
    """
    facts = case.facts
    sizes = {name: int(facts[name]) for name in ("batch", "time", "layers")}
    usual = facts["dtype"] == "float32" and facts["activation"] in COMMON and case.call.compute_dtype is None
    if not all(sizes.values()) or not usual:
        return None
    several = {name: "1" if size == 1 else "several" for name, size in sizes.items()}
    names = ("directions", "activation", "bias_vectors", "initial_states", "padding", "go_backwards")
    others = (*names, "merge_mode", "dropout", "stateful", "route")
    return several | {name: str(facts[name]) for name in others}


def values_of(supports: Supports, route: str, expensive: bool = False) -> dict[str, list[Value]]:
    """For each option the values that a route into an implementation allows.

    Expensive routes are taken by the clauses about them alone, which make no stateful calls.
    """
    yes_or_no = ["False", "True"]
    padding = {
        "lengths": supports.lengths,
        "mask": supports.masks,
        "lengths and mask": supports.lengths_and_masks,
    }
    return {
        "batch": ["1", "several"],
        "time": ["1", "several"],
        "layers": ["1", "several"] if supports.stacked else ["1"],
        "directions": ["1", "2"] if supports.bidirectional else ["1"],
        "activation": [name for name in supports.activations if name in COMMON],
        "bias_vectors": ["0", "1", "2"] if supports.no_bias else ["1", "2"],
        "initial_states": yes_or_no if supports.initial_states else yes_or_no[:1],
        "padding": ["none", *(way for way, supported in padding.items() if supported)],
        "go_backwards": yes_or_no if supports.go_backwards else yes_or_no[:1],
        "merge_mode": list(supports.merge_modes) if supports.bidirectional else ["concat"],
        "dropout": ["none", *supports.dropout],
        "stateful": yes_or_no if supports.stateful and not expensive else yes_or_no[:1],
        "route": [route or "default"],
    }


EXCLUDE_EACH_OTHER = (
    {"go_backwards": "True", "directions": "2"},
    {"go_backwards": "True", "layers": "several"},
    *({"dropout": place, "stateful": "True"} for place in ("input", "state", "between layers")),
    *({"merge_mode": mode, "directions": "1"} for mode in ("sum", "mul", "ave", "none")),
    *({"merge_mode": mode, "layers": "several"} for mode in ("sum", "mul", "ave", "none")),
    *({"merge_mode": mode, "go_backwards": "True"} for mode in ("sum", "mul", "ave", "none")),
)
"""What no call combines: merging takes one layer of two directions, going backwards one layer of one. Dropout
is drawn beside the options of single calls, stateful calls come in series."""


@dataclass
class Coverage:
    """How often every pair of option values occurred, and the pairs that are possible."""

    cases: int = 0
    seen: Counter[Pair] = field(default_factory=Counter)
    possible: set[Pair] = field(default_factory=set)

    def add(self, case: Case) -> None:
        """Count the pairs of a case."""
        options = options_of(case)
        if options is not None:
            self.cases += 1
            self.seen.update(combinations(options.items(), 2))

    @property
    def missing(self) -> list[Pair]:
        """Possible pairs that did not occur."""
        return sorted(self.possible - set(self.seen))


def possible_pairs(ways: Mapping[str, Supports], expensive: frozenset[str] = frozenset()) -> set[Pair]:
    """Every pair of option values that some route into an implementation can combine."""
    pairs: set[Pair] = set()
    for route, supports in ways.items():
        allowed = values_of(supports, route, route in expensive)
        for (one, values), (other, others) in combinations(allowed.items(), 2):
            pairs |= {((one, value), (other, another)) for value in values for another in others}
    return {pair for pair in pairs if dict(pair) not in EXCLUDE_EACH_OTHER}


def coverage_of(subject: Subject, profile: Profile, seed: int = 0) -> Coverage:
    """What a profile draws for an implementation, over all checks. Nothing is run."""
    coverage = Coverage()
    ways = {route: subject.adapter_of(route).supports for route in ("", *subject.framework.routes)}
    expensive = frozenset(name for name, route in subject.framework.routes.items() if route.expensive)
    coverage.possible = possible_pairs(ways, expensive)

    def look(subject: Subject, case: Case) -> None:
        coverage.add(case)
        subject.tally.count()

    for check in all_checks().values():
        perform(replace(check, body=look), subject, profile, [], seed)
    return coverage


def values_table(coverage: Coverage) -> dict[str, dict[Value, int]]:
    """For each option and value the number of cases."""
    counts: dict[str, dict[Value, Any]] = {}
    for (one, other), cases in coverage.seen.items():
        for option, value in (one, other):
            table = counts.setdefault(option, {})
            # Every case has each option once, and is counted once for each of the other options.
            table[value] = table.get(value, 0) + cases
    others = len(counts) - 1
    return {option: {value: n // others for value, n in table.items()} for option, table in counts.items()}


@click.command()
@click.option(
    "--adapter", default="reference", show_default=True, help="A known adapter or module:attribute."
)
@click.option(
    "--profile",
    default="ci",
    show_default=True,
    type=click.Choice(("quick", "ci")),
    help="How much is drawn.",
)
def main(adapter: str, profile: str) -> None:
    """Count which option values are drawn together; nothing is run.

    \b
    Exit status: 0 every pair that can be combined occurs
                 1 some pair does not
    """
    console = Console()
    with Console(stderr=True).status(f"drawing the {profile} profile"):
        found = coverage_of(Subject(load_framework(adapter)), PROFILES[profile])
    table = Table("option", "cases of each value", header_style="bold")
    for option, values in values_table(found).items():
        table.add_row(option, ", ".join(f"{value}: {cases}" for value, cases in values.items()))
    console.print(table)
    for (one, value), (other, another) in found.missing:
        console.print(f"missing: {one} {value} with {other} {another}", highlight=False)
    occurring = len(found.possible) - len(found.missing)
    click.echo(f"{occurring} of {len(found.possible)} pairs of option values occur in {found.cases} cases")
    raise SystemExit(1 if found.missing else 0)


if __name__ == "__main__":
    main()
