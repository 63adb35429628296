"""Error ÷ bound on a logarithmic axis: strips in a table, whose numbers are the text alternative.

A strip is an SVG as wide as its cell, with places in per cent: no script, no width or colour of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rnn_conformance.engine.clauses import Clause
from rnn_conformance.engine.results import Outcome
from rnn_conformance.report.site.model import Site
from rnn_conformance.report.site.runs import Implementation

LOWEST = -4
"""The decade at the left edge, where what is smaller stands, and zero."""

HIGHEST = 6
"""The last decade that an axis may reach."""


@dataclass(frozen=True)
class Axis:
    """From 10 to the power of `LOWEST` to 10 to the power of `highest`."""

    highest: int

    def place(self, ratio: float) -> float:
        """Where a ratio stands, in per cent from the left."""
        decade = math.log10(ratio) if ratio > 0 else LOWEST
        share = (min(max(decade, LOWEST), self.highest) - LOWEST) / (self.highest - LOWEST)
        return round(2 + 96 * share, 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The decades: where they stand and what is written there."""
        every = 1 if self.highest < 4 else 2
        return [(self.place(10.0**decade), str(decade)) for decade in range(LOWEST, self.highest + 1, every)]

    @property
    def bound(self) -> float:
        """Where the error is as large as the bound."""
        return self.place(1.0)


@dataclass(frozen=True)
class Strip:
    """A row of a chart.

    Args:
        href: the address of the page that tells more, from the root of the site; "" for none.
        numbers: for the columns of the chart.
        marks: small ticks.
        worst: the name of the worst of the marks.
        worst_href: its address.
    """

    label: str
    href: str
    numbers: tuple[float, ...]
    marks: tuple[float, ...] = ()
    worst: str = ""
    worst_href: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """From the first number to the one before the last."""
        return self.numbers[0], self.numbers[-2]


@dataclass(frozen=True)
class Chart:
    """Strips on one axis.

    Args:
        of: what a row is: "framework", "chapter".
        columns: what the numbers of each row are; the last is the worst.
    """

    title: str
    of: str
    columns: tuple[str, ...]
    strips: tuple[Strip, ...]

    @property
    def axis(self) -> Axis:
        worst = max((strip.numbers[-1] for strip in self.strips), default=1.0)
        return Axis(min(max(math.ceil(math.log10(max(worst, 1.0))), 1), HIGHEST))


OF_ELEMENTS = ("median", "99 %", "worst")
OF_CLAUSES = ("median clause", "90 % of clauses", "worst clause")


def has_ratios(outcome: Outcome) -> bool:
    """Whether numbers were compared with a bound."""
    return bool(outcome.ratio_quantiles)


def strip_of_outcome(label: str, href: str, outcome: Outcome) -> Strip:
    """The numbers that were compared for one clause; the marks are the worst of each route."""
    quantiles = outcome.ratio_quantiles
    return Strip(
        label,
        href,
        (quantiles.get("0.5", 0.0), quantiles.get("0.99", 0.0), outcome.worst_ratio),
        tuple(route.worst_ratio for route in outcome.routes if route.elements),
    )


def strip_of_outcomes(label: str, href: str, outcomes: Iterable[Outcome]) -> Strip | None:
    """The worst of each of several clauses; None where none compares numbers."""
    compared = sorted(filter(has_ratios, outcomes), key=lambda outcome: outcome.worst_ratio)
    if not compared:
        return None
    ratios = [outcome.worst_ratio for outcome in compared]
    worst = compared[-1].clause
    return Strip(
        label,
        href,
        (_quantile(ratios, 0.5), _quantile(ratios, 0.9), ratios[-1]),
        tuple(ratios),
        worst,
        f"clauses/{worst}.html",
    )


def chart_of_frameworks(site: Site) -> Chart:
    """Of the first page: the latest run of each, without those that are wrong on purpose."""
    strips = [
        strip_of_outcomes(each.name, f"frameworks/{each.slug}.html", each.latest.result.outcomes)
        for each in site.frameworks or site.implementations
    ]
    return Chart("Error ÷ bound by framework", "framework", OF_CLAUSES, _some(strips))


def _some(strips: list[Strip | None]) -> tuple[Strip, ...]:
    return tuple(strip for strip in strips if strip is not None)


def chart_of_clause(site: Site, clause: Clause) -> Chart:
    """Every run of every implementation."""
    strips = [
        strip_of_outcome(
            f"{each.name} {each.release(run)}" if len(each.runs) > 1 else each.name,
            f"frameworks/{each.slug}.html",
            run.outcomes[clause.id],
        )
        for each in site.implementations
        for run in each.runs
        if clause.id in run.outcomes and has_ratios(run.outcomes[clause.id])
    ]
    return Chart("Error ÷ bound by framework", "framework", OF_ELEMENTS, tuple(strips))


def charts_of(site: Site, implementation: Implementation) -> dict[str, Chart]:
    """By chapter, by clause, and by release where there are several."""
    run = implementation.latest
    chapters = [
        strip_of_outcomes(chapter.title, f"index.html#{chapter.anchor}", run.outcomes_of(chapter.clauses))
        for chapter in site.chapters
    ]
    clauses = [
        strip_of_outcome(id, f"clauses/{id}.html", run.outcomes[id])
        for id in site.clauses
        if id in run.outcomes and has_ratios(run.outcomes[id])
    ]
    charts = {
        "chapters": Chart("Error ÷ bound by chapter", "chapter", OF_CLAUSES, _some(chapters)),
        "clauses": Chart("Error ÷ bound by clause", "clause", OF_ELEMENTS, tuple(clauses)),
    }
    if len(implementation.runs) > 1:
        releases = [
            strip_of_outcomes(implementation.release(each), "", each.result.outcomes)
            for each in implementation.runs
        ]
        charts["releases"] = Chart("Error ÷ bound by release", "release", OF_CLAUSES, _some(releases))
    return charts


def _quantile(ascending: Sequence[float], share: float) -> float:
    """The smallest number that is not exceeded by this share of them."""
    return ascending[max(math.ceil(share * len(ascending)) - 1, 0)]
