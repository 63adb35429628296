"""A comparison in words: in the terminal, and in Markdown as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnn_conformance.report.comparison import Compared, Comparison
from rnn_conformance.report.difference import Change, Difference, Recorded, Seen, Side
from rnn_conformance.report.drift import DriftDifference, Moved
from rnn_conformance.report.terminal import STYLES, about_facts, on_routes

SHOWN = 200
"""Letters of a message in Markdown."""

VERDICTS = ("clause", "was", "is", "where")
DRIFT = ("cases", "of", "changed", "ulps: 99 %, largest", "mean error ÷ bound", "largest error ÷ bound", "")

Row = tuple[str, ...]


def show(console: Console, comparison: Comparison) -> None:
    """Print a comparison."""

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for each in comparison.adapters:
        console.rule(characters="─", style="red" if each.difference.is_regression else "green")
        say(heading(each.difference))
        say(summary(each))
        for line in (*cautions(each.difference), *_lists(each)):
            say(line)
        if each.difference.verdicts:
            table = Table(*VERDICTS, header_style="bold")
            for clause, was, is_, where in verdict_rows(each.difference.verdicts):
                table.add_row(clause, _styled(was), _styled(is_), where)
            console.print(table)
        if each.drift is not None and not each.drift.bit_equal:
            table = Table(*DRIFT, title="Numbers that changed", title_justify="left", header_style="bold")
            for row in drift_rows(each.drift):
                table.add_row(*row)
            console.print(table)
    for line in _only(comparison):
        say(line)


def markdown(comparison: Comparison) -> str:
    """A comparison as a comment on a pull request. What an implementation says stands in code spans."""
    parts = list[str]()
    for each in comparison.adapters:
        parts.append(f"### {_code(heading(each.difference))}")
        words = summary(each)
        parts.append(f"**{words}**" if each.difference.is_regression else words)
        parts += _bullets(cautions(each.difference))
        if each.difference.verdicts:
            parts.append(_table(VERDICTS, verdict_rows(each.difference.verdicts)))
        parts += _bullets(_lists(each))
        if each.drift is not None and not each.drift.bit_equal:
            rows = _table(DRIFT, drift_rows(each.drift))
            parts.append(f"<details><summary>Numbers that changed</summary>\n\n{rows}\n\n</details>")
    parts += _bullets(_only(comparison))
    return "\n\n".join(parts) + "\n"


def heading(difference: Difference) -> str:
    """The adapter, and which versions are compared."""
    return f"{difference.new.adapter}: {_versions(difference.old)} → {_versions(difference.new)}"


def summary(compared: Compared) -> str:
    """What came of it, in a line."""
    difference, drift = compared.difference, compared.drift
    if difference.is_regression:
        found = f"regression in {', '.join(difference.regressed)}"
    else:
        found = "changed, and no regression" if difference.is_change else "no change"
    numbers = ""
    if drift is not None:
        changed = sum(each.changed for each in drift.moved)
        of = sum(each.elements for each in drift.moved)
        same = "every number the same to the bit"
        numbers = f"; {same if drift.bit_equal else f'{changed} of {of} numbers changed'}"
        numbers += f", in {drift.compared} cases"
    return f"{found}; {difference.checked} clauses compared{numbers}"


def cautions(difference: Difference) -> list[str]:
    """What may explain a difference, and is not the framework's doing."""
    lines = [f"{name} differs, too: {was} → {is_}" for name, (was, is_) in difference.conditions.items()]
    if difference.other_cases:
        lines.append(
            f"other cases were drawn, so that what changed may be the cases' doing:"
            f" {', '.join(difference.other_cases)}"
        )
    return lines


def verdict_rows(changes: Iterable[Change]) -> Iterator[Row]:
    """Clause, old verdict, new verdict, and all routes of which that is so."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        key = (change.clause, change.old or "not asked", change.new or "not asked")
        groups.setdefault(key, []).append("clause" if change.route is None else change.route or "default")
    for (clause, was, is_), where in groups.items():
        yield clause, was, is_, ", ".join(where)


def drift_rows(drift: DriftDifference) -> Iterator[Row]:
    """The kinds of cases whose numbers changed."""
    for moved in drift.moved:
        if moved.changed:
            yield (
                moved.kind,
                moved.part,
                f"{moved.changed} of {moved.elements}",
                f"{moved.quantiles['0.99']:.3g}, {'NaN' if moved.ulps is None else f'{moved.ulps:.4g}'}",
                f"{moved.old_mean:.3g} → {moved.new_mean:.3g}",
                f"{moved.old_worst:.3g} → {moved.new_worst:.3g}",
                _direction(moved),
            )


def finding_lines(findings: Iterable[Seen]) -> Iterator[str]:
    """Findings in words, a line for those that differ in the route alone."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for each in findings:
        key = (each.clause, each.kind, about_facts(each.facts), each.message)
        groups.setdefault(key, []).append(each.route)
    for (clause, kind, facts, message), routes in groups.items():
        yield f"{clause} {kind}, {on_routes(routes)}{facts}: {message}"


def _lists(compared: Compared) -> Iterator[str]:
    """What came and what went, a line each."""
    difference = compared.difference
    for words, findings in (("new", difference.findings_new), ("gone", difference.findings_gone)):
        yield from (f"{words}: {line}" for line in finding_lines(findings))
    for words, records in (
        ("a known deviation is met that was not", difference.deviations_new),
        ("a known deviation is met no more", difference.deviations_gone),
    ):
        yield from (f"{words}: {line}" for line in _record_lines(records))
    for words, clauses in (
        ("checked now only, and compared with nothing", difference.clauses_new),
        ("not checked any more", difference.clauses_gone),
    ):
        if clauses:
            yield f"{words}: {', '.join(clauses)}"
    if compared.drift is not None:
        for case, (was, is_) in compared.drift.problems.items():
            yield f"{case}: {was or 'answered'} → {is_ or 'answered'}"
        if compared.drift.missing:
            yield f"numbers of {len(compared.drift.missing)} cases cannot be compared: one side has none"


def _record_lines(records: Sequence[Recorded]) -> Iterator[str]:
    clauses: dict[str, list[str]] = {}
    for record in records:
        clauses.setdefault(record.id, []).append(record.clause)
    return (f"{id} ({', '.join(of)})" for id, of in clauses.items())


def _only(comparison: Comparison) -> list[str]:
    return [
        f"only on the {side} side: {', '.join(names)}"
        for side, names in (("old", comparison.old_only), ("new", comparison.new_only))
        if names
    ]


def _direction(moved: Moved) -> str:
    return {1: "nearer", 0: "as near", -1: "farther"}[moved.nearer]


def _versions(side: Side) -> str:
    return ", ".join(f"{package} {number}" for package, number in side.versions.items()) or "no version"


def _styled(verdict: str) -> Text:
    style = next((style for name, (_, style) in STYLES.items() if name == verdict), "")
    return Text(verdict, style)


def _bullets(lines: Iterable[str]) -> list[str]:
    shown = [f"- {_code(line)}" for line in lines]
    return ["\n".join(shown)] if shown else []


def _table(header: Row, rows: Iterable[Row]) -> str:
    lines = [header, tuple("---" for _ in header), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return _code(text) if text else ""


def _code(text: str) -> str:
    """Text of anybody's as a code span: nothing in it is markup, a mention or a link."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(printable.split()).replace("`", "'").replace("|", "¦")
    return f"`{line if len(line) <= SHOWN else line[: SHOWN - 1] + '…'}`"
