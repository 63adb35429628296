"""The clauses, read out of the spec's Markdown, which is their only source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rnn_reference.errors import BadInput

CLAUSE = re.compile(r"^\*\*(?P<id>[A-Z]{3}-\d+)\*\*\s+(?P<text>.+?)(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
LEVEL = re.compile(r"\b(MUST|SHOULD|MAY)\b")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
VERSION = re.compile(r"^Version of this specification: \*\*(\S+)\*\*", re.MULTILINE)


@dataclass(frozen=True)
class Clause:
    """One numbered requirement of the spec."""

    id: str
    level: str  # MUST, SHOULD or MAY
    text: str  # Markdown, on one line
    chapter: str  # title of its chapter
    file: str  # name of its file in spec/


def spec_folder() -> Path:
    """The folder of the spec: inside the installed package, or in the source tree beside `tests/`."""
    here = Path(__file__).resolve().parents[1]  # the package
    for folder in (here / "spec", here.parents[1] / "spec"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the spec is missing: neither {here / 'spec'} nor {here.parents[1] / 'spec'}")


@cache
def spec_version() -> str:
    """The version of the spec, which its README tells; raised when the meaning of a clause changes.

    Raises:
        ValueError: it does not tell.
    """
    found = VERSION.search((spec_folder() / "README.md").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("spec/README.md: expected a line that tells the version of the specification")
    return found[1]


def parse_clauses(markdown: str, file: str) -> list[Clause]:
    """The clauses of one chapter.

    Raises:
        ValueError: a clause without MUST, SHOULD or MAY.
    """
    title = TITLE.search(markdown)
    clauses = []
    for match in CLAUSE.finditer(markdown):
        text = " ".join(match["text"].split())
        level = LEVEL.search(text)
        if level is None:
            raise ValueError(f"{file}: clause {match['id']} says neither MUST nor SHOULD nor MAY")
        clauses.append(Clause(match["id"], level[1], text, title[1] if title else file, file))
    return clauses


@cache
def all_clauses() -> dict[str, Clause]:
    """Every clause by id, in the order of the chapters.

    Raises:
        ValueError: an id is used twice.
    """
    clauses: dict[str, Clause] = {}
    for path in sorted(spec_folder().glob("*.md")):
        for clause in parse_clauses(path.read_text(encoding="utf-8"), path.name):
            if clause.id in clauses:
                raise ValueError(f"clause {clause.id} stands in {clauses[clause.id].file} and in {path.name}")
            clauses[clause.id] = clause
    return clauses


def select_clauses(names: tuple[str, ...]) -> list[str]:
    """The ids of the named clauses or chapters ("FWD-1", "BID"); all of them when none is named.

    Raises:
        BadInput: a name that is neither.
    """
    clauses = all_clauses()
    if not names:
        return list(clauses)
    selected: list[str] = []
    for name in names:
        found = [id for id in clauses if name.upper() in (id, id.partition("-")[0])]
        if not found:
            chapters = sorted({id.partition("-")[0] for id in clauses})
            raise BadInput(
                f"--clause: expected a clause such as {next(iter(clauses))} or one of the chapters"
                f" {', '.join(chapters)}; got {name!r}"
            )
        selected += [id for id in found if id not in selected]
    return selected
