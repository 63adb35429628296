"""The folder that Sphinx reads: the repository's Markdown as it stands, and beside it what is generated."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

from rnn_reference.errors import BadInput

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "spec/**/*.md", "upstream/*.md")
"""What is read of a repository."""

IMAGES = "spec/**/*.svg"

LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)(?=[)#])")
"""Where a link leads that is relative."""

ORPHAN = "---\norphan: true\n---\n\n"
"""Before a page that is reached by links, and not by the table of contents, which it would make too long."""

OTHER_NAMES = {"LICENSE": "text", "CITATION.cff": "yaml"}
"""In what language files are written whose names do not say."""


@dataclass
class Source:
    """The folder, as it is filled.

    Args:
        root: the repository.
        folder: what Sphinx reads.

    Raises:
        BadInput: `root` is not a repository of this project.
    """

    root: Path
    folder: Path
    shown: set[PurePosixPath] = field(default_factory=set)
    """Files that some page links to, and that have a page of their own that shows them."""

    def __post_init__(self) -> None:
        if not (self.root / "spec" / "README.md").is_file():
            raise BadInput(
                f"the repository: expected a folder with spec/README.md; {self.root.resolve()} has none"
            )

    def documents(self) -> list[PurePosixPath]:
        """The Markdown that is read, in order, from the root."""
        found = {path for pattern in DOCUMENTS for path in self.root.glob(pattern)}
        return sorted(PurePosixPath(path.relative_to(self.root).as_posix()) for path in found)

    def copy_documents(self) -> None:
        """Take over the Markdown and the diagrams; links to other files lead to pages that show these."""
        documents = self.documents()
        for place in documents:
            text = (self.root / place).read_text(encoding="utf-8")
            led = partial(self._led, place, documents)
            is_report = place.parts[0] == "upstream" and place.stem != "README"
            self.write(str(place), ORPHAN * is_report + LINK.sub(led, text))
        for path in self.root.glob(IMAGES):
            self._copy(PurePosixPath(path.relative_to(self.root).as_posix()))

    def write(self, place: str, text: str) -> None:
        """Write a page."""
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    def copy_shown(self) -> list[str]:
        """Write the pages that show files, and say where they are."""
        pages = []
        for place in sorted(self.shown):
            self._copy(place)
            page = f"files/{place}.md"
            pages.append(page)
            self.write(
                page,
                f"{ORPHAN}# `{place}`\n\n"
                f"```{{literalinclude}} /{place}\n:language: {_language(place.name)}\n```\n",
            )
        return pages

    def _led(self, page: PurePosixPath, documents: list[PurePosixPath], link: re.Match[str]) -> str:
        """Where a link of a page leads in the site."""
        target = link[1]
        place = PurePosixPath(os.path.normpath(page.parent / target))
        if place in documents or place.suffix == ".svg" or not (self.root / place).is_file():
            return target
        self.shown.add(place)
        return os.path.relpath(f"files/{place}.md", page.parent)

    def _copy(self, place: PurePosixPath) -> None:
        copy = self.folder / place
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((self.root / place).read_bytes())


def _language(name: str) -> str:
    if name in OTHER_NAMES:
        return OTHER_NAMES[name]
    try:
        return str(get_lexer_for_filename(name).aliases[0])
    except ClassNotFound:
        return "text"
