"""The folder of a site, written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from rnn_reference.errors import BadInput

MADE_BY = '<meta name="generator" content="rnn-conformance'
"""Stands on the first page of every site that was made by this command."""

PARTS = ("index.html", "clauses", "frameworks", "assets")
"""What a site puts into its folder. Whatever else lies there is left alone."""


def write_site(folder: Path, pages: Mapping[str, str]) -> None:
    """Write the pages, and remove those of an earlier site that was written there.

    Args:
        pages: by their place in the folder.

    Raises:
        BadInput: something else is in their place, or they cannot be written.
    """
    try:
        there = [part for part in PARTS if (folder / part).exists()]
        if there and not _is_site(folder / "index.html"):
            raise BadInput(
                f"--output: expected a new folder, or one with a site of this command;"
                f" {folder} has {', '.join(there)} of something else"
            )
        for part in there:
            _remove(folder / part)
        for name, text in pages.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"--output: {folder} cannot be written: {error.strerror}") from None


def _is_site(index: Path) -> bool:
    return index.is_file() and MADE_BY in index.read_text(encoding="utf-8", errors="replace")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
