"""One matrix over the results of many frameworks: chapters as rows, frameworks as columns; what has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from rich.table import Table
from rich.text import Text

from rnn_adapters.framework import Framework
from rnn_adapters.registry import missing_modules
from rnn_conformance.engine.clauses import Clause, all_clauses
from rnn_conformance.engine.results import RED, AdapterResult, Outcome
from rnn_conformance.report.terminal import STYLES


def newest(results: Iterable[AdapterResult]) -> list[AdapterResult]:
    """Of each adapter the run that was started last, in the order of names."""
    by_name: dict[str, AdapterResult] = {}
    for result in sorted(results, key=lambda result: result.started):
        by_name[result.adapter] = result
    return [by_name[name] for name in sorted(by_name)]


def overview(results: list[AdapterResult]) -> Table:
    """Chapters by frameworks: how many clauses came out how."""
    table = Table(title="Chapters by framework", title_justify="left", header_style="bold")
    table.add_column("chapter", no_wrap=True)
    for result in results:
        framework, version = next(iter(result.versions.items()), ("", ""))
        table.add_column(f"{result.adapter}\n[dim]{framework} {version}[/]", justify="center")
    chapters: dict[str, list[Clause]] = {}
    for clause in all_clauses().values():
        chapters.setdefault(clause.chapter, []).append(clause)
    outcomes = [{outcome.clause: outcome for outcome in result.outcomes} for result in results]
    for chapter, clauses in chapters.items():
        table.add_row(chapter, *(cell([of.get(clause.id) for clause in clauses]) for of in outcomes))
    table.add_section()
    table.add_row("all", *(cell(list(result.outcomes)) for result in results))
    return table


def cell(outcomes: list[Outcome | None]) -> Text:
    """How many clauses came out how, the worst first; unsupported ones are not counted."""
    counts = Counter(outcome.verdict for outcome in outcomes if outcome)
    told = [
        Text(f"{counts[verdict]} {word}", style)
        for verdict, (word, style) in STYLES.items()
        if counts[verdict] and verdict != "unsupported"
    ]
    if not_run := outcomes.count(None):
        told.append(Text(f"{not_run} not run", "dim"))
    return Text(", ").join(told) if told else Text("–", "dim")


def left_out(results: Collection[AdapterResult], known: Iterable[Framework]) -> list[str]:
    """Of every known framework without results a line with the reason: what is missing here, if anything."""
    have = {result.adapter for result in results}
    lines = []
    for framework in known:
        if framework.alias or framework.name in have:
            continue
        missing = [*missing_modules(framework), *framework.missing()]
        reason = (
            f"missing here: {', '.join(missing)}" if missing else "not run, though nothing is missing here"
        )
        lines.append(f"{framework.name}: {reason}")
    return lines


def any_red(results: Iterable[AdapterResult]) -> bool:
    """Whether a clause of any came out red."""
    return any(outcome.verdict in RED for result in results for outcome in result.outcomes)
