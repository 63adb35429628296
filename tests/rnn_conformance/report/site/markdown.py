"""The Markdown of the spec as HTML, with links to the pages of the site."""

from __future__ import annotations

import re
from collections.abc import Collection

from markdown_it import MarkdownIt
from markupsafe import Markup

CLAUSE_ID = re.compile(r"`[^`]*`|\b([A-Z]{3}-\d+)\b")
"""Code, in which nothing is linked, or the id of a clause."""

CHAPTER_LINK = re.compile(r"(?<=\]\()(\d\d-[\w-]+)\.md(?:#[\w-]*)?(?=\))")
"""A link from one chapter to another."""

PARSER = MarkdownIt("commonmark", {"html": False})


def rendered(
    markdown: str, *, root: str, clauses: Collection[str], chapters: Collection[str], but: str = ""
) -> Markup:
    """Inline Markdown as HTML: HTML in it is shown as text.

    Args:
        root: the way from the page to the first one's folder: "", or "../".
        clauses: ids that have a page.
        chapters: the files (without `.md`) that the first page has; links to others become text.
        but: the clause whose page it is, which is not linked.
    """

    def to_clause(match: re.Match[str]) -> str:
        id = match[1]
        return f"[{id}]({root}clauses/{id}.html)" if id in clauses and id != but else match[0]

    def to_chapter(match: re.Match[str]) -> str:
        return f"{root}index.html#chapter-{match[1]}" if match[1] in chapters else ""

    text = CHAPTER_LINK.sub(to_chapter, markdown)
    text = re.sub(r"\[([^]]+)\]\(\)", r"\1", text)
    return Markup(PARSER.renderInline(CLAUSE_ID.sub(to_clause, text)))
