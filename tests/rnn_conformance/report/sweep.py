"""What a sweep found, as tables: when each deviation came and went, and each verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rnn_conformance.engine.results import AdapterResult, Outcome
from rnn_conformance.report.ranges import runs, span, standing
from rnn_conformance.running.sweep import Sweep

SHORT_IDS = 3
"""Of many clauses whose cases differ, so many are named."""


class SweepTable(NamedTuple):
    """A heading, the names of the columns, and rows of text."""

    heading: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def tables(made: Sweep, results: dict[str, AdapterResult]) -> list[SweepTable]:
    """The tables of a sweep; those that would be empty are left out.

    Args:
        results: by version, where clauses were asked.
    """
    found = [_versions(made, results), _records(made), _errors(made), _verdicts(results)]
    return [table for table in found if table.rows]


def _versions(made: Sweep, results: dict[str, AdapterResult]) -> SweepTable:
    """What became of each version."""
    rows = list[tuple[str, ...]]()
    for swept in made.swept:
        result = results.get(swept.version)
        became = swept.problem.replace("\n", " ")
        if not became and result is not None:
            became = f"{len(result.red)} of {len(result.outcomes)} clauses red"
        rows.append((swept.version, became or "witnesses run"))
    return SweepTable(f"{made.adapter} at versions of {made.package}", ("version", "what became of it"), rows)


def _records(made: Sweep) -> SweepTable:
    """When each record held."""
    ids = dict.fromkeys(id for swept in made.swept for id in swept.witnesses)
    rows = list[tuple[str, ...]]()
    for id in ids:
        words = [(swept.version, standing(swept, id)) for swept in made.swept if not swept.problem]
        rows.append((id, _in_words(words)))
    return SweepTable("When each recorded deviation came and went", ("record", "its witness"), rows)


def _errors(made: Sweep) -> SweepTable:
    """The witnesses that could be asked and could not be run."""
    rows: list[tuple[str, ...]] = [
        (swept.version, record, clause, came.error.replace("\n", " "))
        for swept in made.swept
        for record, of_clauses in swept.witnesses.items()
        for clause, came in of_clauses.items()
        if came.error
    ]
    return SweepTable("Witnesses that could not be run", ("version", "record", "clause", "because"), rows)


def could_not_run(made: Sweep) -> bool:
    """Whether a witness could not be run, of whose record nothing is known then."""
    return bool(_errors(made).rows)


def _verdicts(results: dict[str, AdapterResult]) -> SweepTable:
    """The clauses that are not everywhere as good as they can be, and when."""
    clauses = dict.fromkeys(outcome.clause for result in results.values() for outcome in result.outcomes)
    rows = list[tuple[str, ...]]()
    for clause in clauses:
        words = [(version, _word(_outcome(result, clause))) for version, result in results.items()]
        distinct = {word for _, word in words}
        if len(distinct) > 1 or not distinct <= {"pass", "unsupported", "deviation"}:
            rows.append((clause, _in_words(words)))
    return SweepTable("Clauses whose verdict changes, or is red", ("clause", "verdict"), rows)


def _outcome(result: AdapterResult, clause: str) -> Outcome | None:
    return next((outcome for outcome in result.outcomes if outcome.clause == clause), None)


def _word(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not asked"
    findings = len(outcome.findings)
    return f"{outcome.verdict} ({findings} findings)" if findings > 1 else outcome.verdict


def _in_words(words: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{word} {span(first, last)}" for word, first, last in runs(words))


def other_cases(results: dict[str, AdapterResult]) -> str:
    """A sentence about whether the same cases were drawn at every version.

    What an adapter declares at a version is part of what is drawn.
    """
    digests: dict[str, set[str]] = {}
    for result in results.values():
        for outcome in result.outcomes:
            if outcome.digest:
                digests.setdefault(outcome.clause, set()).add(outcome.digest)
    if not digests:
        return ""
    other = [clause for clause, found in digests.items() if len(found) > 1]
    if not other:
        return f"The same cases were drawn at every version, for all of {len(digests)} clauses."
    named = ", ".join(other[:SHORT_IDS]) + ", …" * (len(other) > SHORT_IDS)
    return (
        f"Other cases were drawn at some versions for {len(other)} of {len(digests)} clauses ({named}): the"
        " adapter declares other things there."
    )


def as_markdown(table: SweepTable) -> str:
    """A table for a document or a comment; what stands in it is text."""
    rows = [table.columns, tuple("---" for _ in table.columns), *table.rows]
    lines = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    return "\n".join([f"### {table.heading}", "", *lines])


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
    return escaped.replace("@", "&#64;")
