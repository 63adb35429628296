"""Verdicts, numbers and conditions as the pages show them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from rnn_conformance.engine.deviations import Deviation
from rnn_conformance.engine.results import RED, Verdict
from rnn_conformance.report.site.model import Chapter
from rnn_conformance.report.site.runs import Run


@dataclass(frozen=True)
class Look:
    """How a verdict is shown. Mark and word carry the meaning: colour is not needed to read it."""

    mark: str
    word: str
    meaning: str


LOOKS: dict[Verdict, Look] = {
    "pass": Look("✓", "pass", "every drawn case is within its bound"),
    "deviation": Look("△", "deviates", "not as the spec asks, as recorded; every other case is asserted"),
    "fail": Look("✗", "FAIL", "a case was found that is not as the spec asks"),
    "fixed": Look("↺", "FIXED", "a recorded deviation is gone: the record has to go, too"),
    "never deviated": Look("↺", "NEVER DEVIATED", "a record claims what its witness does not show"),
    "vacuous": Look("∅", "VACUOUS", "nothing, or too little, was asserted"),
    "broken adapter": Look("✗", "BROKEN", "the adapter cannot be made, or lacks what it declares"),
    "error": Look("!", "ERROR", "the suite itself failed"),
    "unsupported": Look("–", "unsupported", "not asked: the framework does not declare that it does this"),
}
"""In the order in which they are explained."""


def verdicts(run: Run, chapter: Chapter | None = None) -> dict[Verdict, int]:
    """How many clauses, of a chapter or of all, came out how; in the order of `LOOKS`."""
    outcomes = run.result.outcomes if chapter is None else run.outcomes_of(chapter.clauses)
    counts = Counter(outcome.verdict for outcome in outcomes)
    return {verdict: counts[verdict] for verdict in LOOKS if counts[verdict]}


def kind_of(verdict: Verdict) -> str:
    """ "pass", "deviation", "unsupported", or "red" for all that fail a run; it decides on the colour."""
    return "red" if verdict in RED else verdict


def ratio(number: float) -> str:
    """Error ÷ bound, in three digits."""
    return f"{number:.3g}"


def seconds(number: float) -> str:
    """A time, in seconds."""
    return f"{number:.1f} s" if number < 100 else f"{number:.0f} s"


def count(number: int) -> str:
    """A large number, in groups of three."""
    return f"{number:,}".replace(",", " ")


def when(record: Deviation) -> str:
    """The condition of a record, in words."""
    parts = []
    for name, wanted in record.when.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        parts.append(f"{name} = {' or '.join(map(str, values))}")
    return "; ".join(parts) or "in every case"


def witness(record: Deviation, clause: str = "") -> str:
    """The case that shows it for a clause, in words and numbers."""
    return repr(record.witness_of(clause))


def href(link: str) -> str:
    """A recorded link, if it leads to the web; "" for anything else, which a browser might run."""
    return link if re.match(r"https?://", link) else ""
