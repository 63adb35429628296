"""What a run looks like in the terminal: the matrix, and a failure in words."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.deviations import Deviation, listed
from rnn_conformance.engine.results import AdapterResult, Failure, Outcome, Verdict, file_stem

STYLES: dict[Verdict, tuple[str, str]] = {
    "pass": ("pass", "green"),
    "fail": ("FAIL", "bold white on red"),
    "deviation": ("deviates", "yellow"),
    "fixed": ("FIXED", "bold white on magenta"),
    "vacuous": ("VACUOUS", "bold white on red"),
    "unsupported": ("–", "dim"),
}
"""Word and style of each verdict. The words alone carry the meaning: colour is not needed to read it."""


def matrix(results: list[AdapterResult]) -> Table:
    """Clauses by adapters."""
    table = Table(title="Clauses by adapter", title_justify="left", header_style="bold")
    table.add_column("clause", no_wrap=True)
    table.add_column("asks that")
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
        table.add_row(clause.id, title, *(_cell(outcome) for outcome in row))
    table.add_section()
    table.add_row("", "cases", *(str(sum(o.cases for o in result.outcomes)) for result in results))
    worst = [max((o.worst_ratio for o in result.outcomes), default=0.0) for result in results]
    table.add_row("", "worst error ÷ bound", *(f"{ratio:.3g}" for ratio in worst))
    table.add_row("", "seconds, start-up included", *(f"{result.seconds:.1f}" for result in results))
    return table


def _cell(outcome: Outcome | None) -> Text:
    if outcome is None:
        return Text("")
    return Text(*STYLES[outcome.verdict])


def summary(result: AdapterResult) -> str:
    """One line: how many clauses came out how."""
    counts = {verdict: sum(o.verdict == verdict for o in result.outcomes) for verdict in STYLES}
    parts = [f"{count} {verdict}" for verdict, count in counts.items() if count]
    return f"{result.adapter}: {', '.join(parts)}"


def explanation(result: AdapterResult, outcome: Outcome, again: str) -> str:
    """A red outcome in plain words: clause, implementation, case, difference, and how to run it again."""
    clause = all_clauses()[outcome.clause]
    versions = ", ".join(f"{name} {number}" for name, number in result.versions.items())
    failure = outcome.failure or Failure(outcome.reason)
    parts = [
        f"{clause.id} {outcome.verdict}: {result.adapter} ({versions})",
        indented(f"{clause.text}\n— spec/{clause.file}"),
        failure.finding,
    ]
    if failure.likely_cause:
        parts.append(f"likely cause: {failure.likely_cause}")
    if failure.shown_case:
        parts.append(f"the smallest case found that shows it:\n{indented(failure.shown_case)}")
    parts.append(f"run it again: {again}")
    return "\n".join(parts)


def deviation_lines(records: list[Deviation], results: list[AdapterResult]) -> list[str]:
    """The known deviations behind a matrix, one paragraph each."""
    shown = {
        id for result in results for o in result.outcomes if o.verdict == "deviation" for id in o.deviations
    }
    lines = []
    for record in {record.id: record for record in records if record.id in shown}.values():
        about = f"{', '.join(record.clauses)} {', '.join(listed(record.adapter))}"
        line = f"{about}: {record.what.strip()}\n{indented('why: ' + record.why.strip())}"
        lines.append(line + (f"\n  see {record.link}" if record.link else ""))
    return lines


def unsupported_lines(results: list[AdapterResult]) -> list[str]:
    """Why clauses were not asked of an adapter."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        for outcome in result.outcomes:
            if outcome.verdict == "unsupported":
                reasons.setdefault(outcome.reason, []).append(outcome.clause)
    return [f"{', '.join(clauses)}: {reason}" for reason, clauses in reasons.items()]


def case_file(folder: Path, result: AdapterResult, outcome: Outcome) -> Path:
    """Where the case of a failure is kept."""
    return folder / "failures" / f"{file_stem(result.adapter)}-{outcome.clause}.json"


def indented(text: str) -> str:
    """The text, two spaces to the right."""
    return "\n".join(f"  {line}" for line in text.splitlines())
