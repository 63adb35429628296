"""Docstrings, which are plain text with Markdown's backticks, as the reStructuredText that Sphinx reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx.application import Sphinx

CODE = re.compile(r"(`+[^`]+`+)")
SPECIAL = re.compile(r"([\\*|]|_(?=\W|$))")
"""What means something to reStructuredText, and nothing to a reader of the source."""

COLUMNS = re.compile(r"\S {2,}\S")
NAMED_FIELD = re.compile(r"Alias for field number \d+")
"""What Python itself says of the fields of a named tuple."""

SECTION = re.compile(r"^(Args|Returns|Raises|Yields|Attributes):$")


def restructured(lines: list[str]) -> list[str]:
    """The lines of a docstring for Sphinx: code stays code, and what is laid out by hand stays as it is.

    Equations, which are indented, and tables in columns become literal blocks. Sections such as `Args:` are
    left to napoleon.
    """
    made: list[str] = []
    in_section = False
    for paragraph in _paragraphs(lines):
        if SECTION.match(paragraph[0]):
            in_section = True
        elif not paragraph[0].startswith(" "):
            in_section = False
        by_hand = all(line.startswith("    ") for line in paragraph) or any(map(COLUMNS.search, paragraph))
        if by_hand and not in_section:
            made += ["::", "", *("    " + line for line in paragraph), ""]
        else:
            made += [*map(_escaped, paragraph), ""]
    return made


def _paragraphs(lines: list[str]) -> Iterator[list[str]]:
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
        elif paragraph:
            yield paragraph
            paragraph = []


def _escaped(line: str) -> str:
    parts = CODE.split(line)
    parts[::2] = [SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def _process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = [] if NAMED_FIELD.fullmatch("".join(lines)) else restructured(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls it."""
    app.connect("autodoc-process-docstring", _process, priority=100)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
