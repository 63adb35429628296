"""Which option values occur together in what a profile draws, and which that could do not.

`rnn-conformance measure coverage`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

import click
from rich.console import Console
from rich.table import Table

from rnn_adapters.declarations import Supports
from rnn_adapters.registry import load_framework
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.covering import Space
from rnn_conformance.engine.handing import PLAIN
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES, Profile
from rnn_conformance.engine.strategies import POOL
from rnn_conformance.engine.structures import EXCLUDE_EACH_OTHER, LEVELS, levels_of
from rnn_conformance.engine.subject import Subject

Value = str
Combination = tuple[tuple[str, Value], ...]
"""Options, each with a value, in the order of `options_of`."""


def options_of(case: Case) -> dict[str, Value] | None:
    """The options of a case and their values, as `LEVELS` counts them; None for one of degenerate size.

    Where layers or directions differ, it is the first cell that counts.
    """
    facts, bottom = case.facts, case.network.cells[0]
    sizes = {name: int(facts[name]) for name in ("layers", "batch", "time", "input_size", "hidden_size")}
    if not all(sizes.values()):
        return None
    return {
        "route": case.route,
        "layers": LEVELS["layers"](sizes["layers"]),
        "directions": str(facts["directions"]),
        "activation": name if (name := str(bottom.activation)) in ("tanh", "relu") else "another",
        "biases": str(len(bottom.biases)),
        "initial": str(facts["initial_states"]),
        "batch": LEVELS["batch"](sizes["batch"]),
        "time": LEVELS["time"](sizes["time"]),
        "input": LEVELS["input"](sizes["input_size"]),
        "hidden": LEVELS["hidden"](sizes["hidden_size"]),
        "dtype": str(facts["dtype"]),
        "compute_dtype": str(case.call.compute_dtype),
        "padding": str(facts["padding"]),
        "poison": str(facts["padded_with"]),
        "go_backwards": str(facts["go_backwards"]),
        "merge_mode": str(facts["merge_mode"]),
        "stateful": str(facts["stateful"]),
        "dropout": str(case.call.dropout),
        "training": str(facts["training"]),
        "layout": layout if (layout := str(facts["layout"])) == PLAIN else "another",
        "return_sequences": str(facts["return_sequences"]),
    }


def values_of(supports: Supports, route: str) -> dict[str, list[Value]]:
    """For each option the values that a route into an implementation allows."""
    pools = POOL.pools(route, supports)
    levels = levels_of(pools, [option for option in LEVELS if option in pools])
    said = {"prefix": "mask"}  # lengths of a framework that takes masks alone
    found = {option: [said.get(value, value) for value in values] for option, values in levels.items()}
    if levels["sizes"] != ["-"]:
        found |= {"batch": ["1", "several"], "time": ["1", "several"], "input": ["few"]}
    return {option: list(dict.fromkeys(values)) for option, values in found.items() if option not in UNSEEN}


UNSEEN = ("sizes", "mixed", "mixed_directions")
"""Choices that a case does not show as one."""


@dataclass
class Coverage:
    """How often every combination of option values occurred, and those that are possible."""

    strength: int = 2
    cases: int = 0
    seen: Counter[Combination] = field(default_factory=Counter)
    possible: set[Combination] = field(default_factory=set)

    def add(self, case: Case) -> None:
        """Count the combinations of a case."""
        options = options_of(case)
        if options is not None:
            self.cases += 1
            chosen = [item for item in options.items() if item[0] in self.choices]
            self.seen.update(combinations(chosen, self.strength))

    @cached_property
    def choices(self) -> set[str]:
        """The options that are a choice on some route."""
        return {option for combination in self.possible for option, _ in combination}

    @property
    def missing(self) -> list[Combination]:
        """Possible ones that did not occur."""
        return sorted(self.possible - set(self.seen))


def possible_combinations(routes: Mapping[str, Supports], strength: int) -> set[Combination]:
    """Every combination of option values that some route can have."""
    found: set[Combination] = set()
    for route, supports in routes.items():
        space = Space([values_of(supports, route)], EXCLUDE_EACH_OTHER)
        found.update(
            tuple(space.named(numbers).items())
            for numbers in space.combinations(strength).listed()
            if numbers == sorted(numbers)
        )
    return found


def coverage_of(subject: Subject, profile: Profile, seed: int = 0, strength: int = 2) -> Coverage:
    """What a profile draws for an implementation, over all checks. Nothing is run."""
    coverage = Coverage(strength)
    routes = {route: subject.adapter_of(route).supports for route in ("", *subject.framework.routes)}
    coverage.possible = possible_combinations(routes, strength)

    def look(subject: Subject, case: Case) -> None:
        coverage.add(case)
        subject.tally.count()

    for check in all_checks().values():
        outcome = perform(replace(check, body=look), subject, profile, [], seed)
        if outcome.verdict == "error":
            raise RuntimeError(f"{check.clause}: {outcome.traceback}")
    return coverage


def expensive_routes(subject: Subject) -> dict[str, list[str]]:
    """What is declared to be expensive (`Supports.expensive`), and on which routes."""
    found: dict[str, list[str]] = {}
    for route in ("", *subject.framework.routes):
        found.setdefault(subject.adapter_of(route).supports.expensive, []).append(route or "default")
    found.pop("nothing", None)
    return found


def values_table(coverage: Coverage) -> dict[str, Counter[Value]]:
    """For each option and value the number of cases."""
    counts: dict[str, Counter[Value]] = {}
    for combination, cases in coverage.seen.items():
        for option, value in combination:
            counts.setdefault(option, Counter())[value] += cases
    # Every case has each option once, and is counted once for each choice of the others.
    others = math.comb(len(counts) - 1, coverage.strength - 1)
    return {
        option: Counter({value: cases // others for value, cases in values.items()})
        for option, values in counts.items()
    }


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
@click.option(
    "--strength",
    default="2",
    show_default=True,
    type=click.Choice(("2", "3")),
    help="How many options at a time: pairs or triples.",
)
def main(adapter: str, profile: str, strength: str) -> None:
    """Count which option values are drawn together; nothing is run.

    \b
    Exit status: 0 all that can be combined occur together
                 1 some do not
    """
    console = Console()
    with Console(stderr=True).status(f"drawing the {profile} profile"):
        subject = Subject(load_framework(adapter))
        found = coverage_of(subject, PROFILES[profile], strength=int(strength))
    table = Table("option", "cases of each value", header_style="bold")
    for option, values in values_table(found).items():
        shown = ", ".join(f"{value or 'default'}: {cases}" for value, cases in values.items())
        table.add_row(option, shown)
    console.print(table)
    for cost, routes in expensive_routes(subject).items():
        console.print(f"{cost} are expensive, so that few are drawn: {', '.join(routes)}", highlight=False)
    for combination in found.missing:
        words = ", ".join(f"{option} {value or 'default'}" for option, value in combination)
        console.print(f"missing: {words}", highlight=False)
    occurring, kind = len(found.possible) - len(found.missing), "pairs" if strength == "2" else "triples"
    click.echo(f"{occurring} of {len(found.possible)} {kind} of option values occur in {found.cases} cases")
    raise SystemExit(1 if found.missing else 0)


if __name__ == "__main__":
    main()
