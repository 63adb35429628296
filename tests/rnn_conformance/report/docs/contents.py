"""Which page stands where in the site's table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Part:
    """A part of the table of contents.

    Args:
        pages: of the spec, by the pattern of their names; those that no earlier part has taken.
        first: pages that stand before them.
        last: pages that stand after them.
    """

    title: str
    pages: str = ""
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


PARTS = (
    Part("Learn", r"tutorial|90-.*", last=("spec/glossary",)),
    Part("The specification", r"[0-8]\d-.*", first=("spec/README",)),
    Part("Coming from …", r"from-.*"),
    Part("Guides", r".*"),
    Part("Evidence", first=("clauses/index", "matrix", "numerics", "upstream/README")),
    Part("Reference", first=("commands", "api/index", "files/index")),
    Part("The project", first=("README", "CONTRIBUTING", "CHANGELOG")),
)
"""In order."""


def contents(documents: Iterable[PurePosixPath]) -> dict[str, list[str]]:
    """The pages of each part that has any, by its title."""
    placed = {page for part in PARTS for page in (*part.first, *part.last)}
    left = [
        page
        for document in documents
        if document.parts[0] == "spec" and (page := str(document.with_suffix(""))) not in placed
    ]
    table = {}
    for part in PARTS:
        taken = [page for page in left if part.pages and re.fullmatch(part.pages, PurePosixPath(page).name)]
        left = [page for page in left if page not in taken]
        if pages := [*part.first, *sorted(taken, key=_tutorial_first), *part.last]:
            table[part.title] = pages
    return table


def _tutorial_first(page: str) -> tuple[bool, str]:
    return not page.endswith("tutorial"), page


def toctree(pages: Iterable[str]) -> str:
    """A table of contents that the page it stands on does not show: the sidebar does."""
    return "\n".join(["", "```{toctree}", ":hidden:", ":titlesonly:", "", *pages, "```", ""])
