"""Figures that documents quote from measurements, and where they say that they come from.

Above the paragraph or the table stands a comment: `<!-- measured: COMMAND -->`, or
`<!-- derived: FROM WHAT -->`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docs import FENCE


@dataclass(frozen=True)
class Figure:
    """Figures that a document quotes.

    Args:
        line: the number of the comment's line, from 1.
        kind: "measured" or "derived".
        source: the command that made them, or what they are derived from.
        text: the block that quotes them.
    """

    line: int
    kind: str
    source: str
    text: str


COMMENT = re.compile(
    r"^<!-- (?P<kind>measured|derived): (?P<source>[^\n]+) -->\n(?P<text>.+?)(?=\n\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
QUOTED = re.compile(
    r"\d ?%"  # a share
    r"|\d (?:milli)?seconds\b|\d (?:ms|MiB|GiB)\b|\bhours?\b"  # time and memory
    r"|\d\.\d u\b|^\|(?:[^|]+\|)+ (?:\d\.\d|10⁻[¹²³⁴-⁹])"  # errors, and columns of them
    r"|\bOf \d+ |; deviates \d",  # counts, and what releases did
    re.MULTILINE,
)
"""What looks like a figure of a measurement: shares, times, sizes, errors."""


def figures(markdown: str) -> list[Figure]:
    """The figures that a document quotes with their source: a comment above the paragraph or the table."""
    return [
        Figure(markdown[: found.start()].count("\n") + 1, found["kind"], found["source"], found["text"])
        for found in COMMENT.finditer(markdown)
    ]


def figures_without_source(markdown: str) -> list[str]:
    """The paragraphs and tables that quote figures with no comment above them."""
    prose = FENCE.sub("", markdown)
    return [block for block in re.split(r"\n\s*\n", COMMENT.sub("", prose)) if QUOTED.search(block)]
