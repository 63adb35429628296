"""A package with one changed file, put before the installed one without copying it.

A folder holds the package once more: every folder on the way to the file is a real one, and what lies beside
the way are links into the installed package.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def package_with(package: Path, changed: dict[str, str], also_real: Iterable[str] = ()) -> Iterator[Path]:
    """A folder to put on the path; it is gone afterwards.

    Args:
        package: the installed package.
        changed: files of the package with what stands in them instead.
        also_real: files that must lie in it themselves, so that the way to them leads through it.
    """
    with tempfile.TemporaryDirectory(prefix="rnn-conformance-mutant-") as made:
        root = Path(made) / package.name
        _mirror(package, root, {Path(file) for file in (*changed, *also_real)})
        for file, source in changed.items():
            (root / file).write_text(source, encoding="utf-8")
        yield Path(made)


def _mirror(folder: Path, copy: Path, real: set[Path]) -> None:
    """The folder once more, with these files, by their ways from here, in real folders."""
    copy.mkdir()
    entered = {way.parts[0] for way in real}
    for each in folder.iterdir():
        within = {Path(*way.parts[1:]) for way in real if way.parts[0] == each.name and len(way.parts) > 1}
        if each.name == "__pycache__":
            continue
        if each.is_dir() and each.name in entered:
            _mirror(each, copy / each.name, within)
        elif each.is_dir() or each.name not in entered:
            os.symlink(each, copy / each.name, target_is_directory=each.is_dir())
        else:
            shutil.copyfile(each, copy / each.name)
