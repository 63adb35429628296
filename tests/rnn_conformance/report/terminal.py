"""What a run looks like in the terminal: the matrix, what stands behind it, and a failure in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from rnn_conformance.engine.case import Fact
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.results import VERDICTS, AdapterResult, Finding, Outcome, Verdict
from rnn_conformance.running.messages import Record

STYLES: dict[Verdict, tuple[str, str]] = {
    "error": ("ERROR", "bold white on red"),
    "broken adapter": ("BROKEN", "bold white on red"),
    "fail": ("FAIL", "bold white on red"),
    "vacuous": ("VACUOUS", "bold white on red"),
    "fixed": ("FIXED", "bold white on magenta"),
    "never deviated": ("NEVER DEVIATED", "bold white on magenta"),
    "deviation": ("deviates", "yellow"),
    "pass": ("pass", "green"),
    "unsupported": ("–", "dim"),
}
"""Word and style of each verdict. The words alone carry the meaning: colour is not needed to read it."""

SHOWN_FACTS = 8
"""More facts than this say nothing about what matters."""


def matrix(results: list[AdapterResult]) -> Table:
    """Clauses by adapters."""
    table = Table(title="Clauses by adapter", title_justify="left", header_style="bold")
    table.add_column("clause", no_wrap=True)
    table.add_column("requirement")
    for result in results:
        framework = next(iter(result.versions.items()), ("", ""))
        table.add_column(
            f"{result.adapter}\n[dim]{framework[0]} {framework[1]}[/]", justify="center", no_wrap=True
        )
    outcomes = [{outcome.clause: outcome for outcome in result.outcomes} for result in results]
    chapter = ""
    for clause in all_clauses().values():
        row = [of.get(clause.id) for of in outcomes]
        if not any(row):
            continue
        if clause.chapter != chapter:
            if chapter:
                table.add_section()
            chapter = clause.chapter
        title = next((outcome.title for outcome in row if outcome and outcome.title), "")
        table.add_row(clause.id, title, *(cell(outcome) for outcome in row))
    table.add_section()
    table.add_row("", "cases", *(str(sum(o.cases for o in result.outcomes)) for result in results))
    worst = [max((o.worst_ratio for o in result.outcomes), default=0.0) for result in results]
    table.add_row("", "worst error ÷ bound", *(f"{ratio:.3g}" for ratio in worst))
    table.add_row("", "seconds, start-up included", *(f"{result.seconds:.1f}" for result in results))
    return table


def cell(outcome: Outcome | None) -> Text:
    """The verdict of a clause, and on how many of its routes it is that."""
    if outcome is None:
        return Text("")
    word, style = STYLES[outcome.verdict]
    if outcome.verdict == "deviation" and not outcome.elements:
        word += ", all"
    if len(outcome.routes) > 1:
        word += f" {sum(r.verdict == outcome.verdict for r in outcome.routes)}/{len(outcome.routes)}"
    return Text(word, style)


def summary(result: AdapterResult) -> str:
    """One line: how many clauses came out how."""
    counts = Counter(outcome.verdict for outcome in result.outcomes)
    order: list[Verdict] = ["pass", *(verdict for verdict in VERDICTS if verdict != "pass")]
    parts = [f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict]]
    return f"{result.adapter}: {', '.join(parts) or 'nothing'}{', interrupted' * result.interrupted}"


def explanation(result: AdapterResult, outcome: Outcome, again: list[str]) -> str:
    """A red outcome in plain words: clause, implementation, case, difference, and how to run it again.

    Args:
        again: the command for each finding; where there is none, one for the clause.
    """
    clause = all_clauses()[outcome.clause]
    versions = ", ".join(f"{name} {number}" for name, number in result.versions.items())
    parts = [
        f"{clause.id} {outcome.verdict}: {result.adapter} ({versions})",
        indented(f"{clause.text}\n— spec/{clause.file}"),
    ]
    if outcome.reason:
        parts.append(outcome.reason)
    parts += [
        f"{route_named(route.route)}: {route.verdict}: {route.reason}"
        for route in outcome.routes
        if route.reason and route.reason != outcome.reason and route.verdict != "unsupported"
    ]
    if outcome.traceback:
        parts.append(indented(outcome.traceback))
    groups: dict[tuple[str, ...], list[tuple[Finding, str]]] = {}
    for finding, command in zip(outcome.findings, again, strict=False):
        groups.setdefault(but_for_the_route(finding), []).append((finding, command))
    for number, ((finding, command), *others) in enumerate(groups.values()):
        count = f"{number + 1} of {len(groups)}: " if len(groups) > 1 else ""
        alike = f"; the same on {routes_named([other.route for other, _ in others])}" if others else ""
        parts.append(f"{count}{about(finding)}{alike}")
        parts.append(finding.message)
        if finding.likely_cause:
            parts.append(f"likely cause: {finding.likely_cause}")
        if finding.shown_case:
            parts.append(f"the smallest case found that shows it:\n{indented(finding.shown_case)}")
        parts.append(f"run it again: {command}")
        parts += [f"on {route_named(other.route)}: {command}" for other, command in others]
    if not outcome.findings:
        parts.append(f"run it again: {again[0]}")
    return "\n".join(parts)


def but_for_the_route(finding: Finding) -> tuple[str, ...]:
    """What is told of a finding, on whichever route it was found."""
    case = finding.shown_case.replace(f", route {finding.route!r}", "")
    return finding.kind, finding.message, finding.likely_cause, case, about_facts(finding.facts)


def about(finding: Finding) -> str:
    """What kind of thing is wrong, where, and what the cases that show it have in common."""
    cases = f", in {finding.cases} cases" if finding.cases > 1 else ""
    return f"{finding.kind}, on {route_named(finding.route)}{cases}{about_facts(finding.facts)}"


def about_facts(facts: Mapping[str, Fact]) -> str:
    """What the cases that show a finding have in common."""
    told = [f"{name} = {value}" for name, value in facts.items()][:SHOWN_FACTS]
    return f", where {', '.join(told)}" if told else ""


def route_named(route: str) -> str:
    """A route in words."""
    return f"route {route}" if route else "the default route"


def routes_named(routes: list[str]) -> str:
    """Several routes in words; none is the default one."""
    return route_named(routes[0]) if len(routes) == 1 else f"routes {', '.join(routes)}"


def on_routes(routes: list[str]) -> str:
    """Where something was found, the default route first: "on the default route and routes cell, loop"."""
    others = [route for route in routes if route]
    words = [route_named("")] * (len(others) < len(routes)) + [routes_named(others)] * bool(others)
    return f"on {' and '.join(words)}"


def deviation_lines(records: list[Record], results: list[AdapterResult]) -> list[str]:
    """The known deviations behind a matrix, one paragraph each."""
    shown = {
        id for result in results for o in result.outcomes if o.verdict == "deviation" for id in o.deviations
    }
    lines = []
    for record in {record.id: record for record in records if record.id in shown}.values():
        where = f"{', '.join(record.clauses)} {', '.join(record.adapters)}"
        line = f"{where}: {record.what.strip()}\n{indented('why: ' + record.why.strip())}"
        lines.append(line + (f"\n  see {record.link}" if record.link else ""))
    return lines


def unsupported_lines(results: list[AdapterResult]) -> list[str]:
    """Why clauses were not asked of an adapter, and routes not taken."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        for outcome in result.outcomes:
            if outcome.verdict == "unsupported":
                reasons.setdefault(outcome.reason, []).append(outcome.clause)
    lines = [f"{', '.join(clauses)}: {reason}" for reason, clauses in reasons.items()]
    for result in results:
        lines += [
            f"route {route} of {result.adapter}: this machine lacks {missing}"
            for route, missing in result.absent_routes.items()
        ]
    return lines


def refused_lines(results: list[AdapterResult]) -> list[str]:
    """How many calls a route had no words for."""
    lines = []
    for result in results:
        for outcome in result.outcomes:
            if outcome.refused_cases:
                routes = [
                    f"{route_named(route.route)} {route.refused_cases} of {route.cases}"
                    for route in outcome.routes
                    if route.refused_cases
                ]
                where = f": {', '.join(routes)}" if routes else ""
                lines.append(
                    f"{outcome.clause} {result.adapter}: {outcome.refused_cases} of {outcome.cases}"
                    f" cases{where}"
                )
    return lines


def warning_lines(results: list[AdapterResult]) -> list[str]:
    """What does not fail a run, and should be looked at."""
    lines = [f"{result.adapter}: {warning}" for result in results for warning in result.warnings]
    for result in results:
        unused: dict[str, list[str]] = {}
        for outcome in result.outcomes:
            for record in outcome.unused_deviations:
                unused.setdefault(record, []).append(outcome.clause)
        lines += [
            f"{result.adapter}: the record {record!r} covered no case of {', '.join(clauses)}"
            for record, clauses in unused.items()
        ]
    return lines


def indented(text: str) -> str:
    """The text, two spaces to the right."""
    return "\n".join(f"  {line}" for line in text.splitlines())
