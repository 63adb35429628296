"""A small folder of vectors, which is as it must be."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnn_conformance.faults.registry import all_faults
from rnn_conformance.vectors.chapters.chapter_01_recurrence import PLANS
from rnn_conformance.vectors.form import SCHEMA, KilledData, KillsData, table_text
from rnn_conformance.vectors.making import Ids, contents, written_to
from rnn_conformance.vectors.matrix import not_shown
from rnn_conformance.vectors.recipes import Recipe


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """The content of its files: four vectors, of which it is said that all kill everything."""
    recipes: list[Recipe] = [recipe for plan in PLANS[:2] for recipe in list(plan.recipes())[:2]]
    hidden = not_shown()
    killed = {fault: KilledData(by=[1, 2, 3, 4]) for fault in all_faults() if fault not in hidden}
    kills = KillsData(schema=SCHEMA, digest="0" * 64, faults=killed, not_shown=hidden)
    return contents(recipes, Ids({}, {}), table_text(kills))


@pytest.fixture
def folder(texts: dict[str, str], tmp_path: Path) -> Path:
    """The folder, free to be spoilt."""
    written_to(tmp_path / "vectors", texts)
    return tmp_path / "vectors"
