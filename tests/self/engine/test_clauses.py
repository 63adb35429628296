"""Clauses, checks and faults map onto each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rnn_adapters
import rnn_conformance
import rnn_reference
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.clauses import all_clauses, parse_clauses, select_clauses, spec_folder
from rnn_conformance.faults.registry import all_faults
from rnn_conformance.report.tables import stale_chapters
from rnn_reference import BadInput


def test_every_clause_has_a_check_and_every_check_a_clause() -> None:
    assert list(all_checks()) == list(all_clauses())  # in the same order, too


def test_every_clause_has_a_fault_that_names_it() -> None:
    assert {fault.clause for fault in all_faults().values()} >= {
        id for id in all_clauses() if not id.startswith("WEX")
    }
    assert {fault.clause for fault in all_faults().values()} <= set(all_clauses())


def test_every_id_in_the_spec_is_a_clause() -> None:
    for path in spec_folder().glob("*.md"):
        mentioned = set(re.findall(r"\b(?!UTF)[A-Z]{3}-\d+\b", path.read_text(encoding="utf-8")))
        assert mentioned <= set(all_clauses()), path.name


def test_every_id_in_the_code_is_a_clause() -> None:
    for package in (rnn_reference, rnn_adapters, rnn_conformance):
        for path in Path(package.__path__[0]).rglob("*.py"):
            mentioned = set(re.findall(r"\b(?!SHA|UTF)[A-Z]{3}-\d+\b", path.read_text(encoding="utf-8")))
            assert mentioned <= set(all_clauses()), path.name


def test_ids_count_up_within_a_chapter() -> None:
    chapters: dict[str, list[int]] = {}
    for id in all_clauses():
        chapter, _, number = id.partition("-")
        chapters.setdefault(chapter, []).append(int(number))
    for chapter, numbers in chapters.items():
        assert numbers == list(range(1, len(numbers) + 1)), chapter


def test_the_index_lists_every_chapter() -> None:
    index = (spec_folder() / "README.md").read_text(encoding="utf-8")
    for clause in all_clauses().values():
        assert f"]({clause.file}) | {clause.id.partition('-')[0]} |" in index


def test_the_installed_spec_is_the_one_in_the_source_tree() -> None:
    for path in (Path(__file__).parents[3] / "spec").glob("*.md"):
        assert (spec_folder() / path.name).read_bytes() == path.read_bytes()


def test_generated_tables_are_up_to_date() -> None:
    stale = [path.name for path in stale_chapters()]
    assert not stale, f"run `python -m rnn_conformance.report.tables`: {stale}"


def test_links_inside_the_spec_lead_somewhere() -> None:
    for path in spec_folder().glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+\.md)", path.read_text(encoding="utf-8")):
            assert (spec_folder() / target).exists(), f"{path.name}: {target}"


def test_parsing() -> None:
    text = "# Title\n\n**ABC-1** It MUST\nhold.\n\nProse MUST not count.\n\n**ABC-2** It MAY.\n"
    one, two = parse_clauses(text, "chapter.md")
    assert (one.id, one.level, one.text, one.chapter) == ("ABC-1", "MUST", "It MUST hold.", "Title")
    assert (two.id, two.level) == ("ABC-2", "MAY")


def test_a_clause_without_a_level_is_an_error() -> None:
    with pytest.raises(ValueError, match="ABC-1 says neither MUST nor SHOULD nor MAY"):
        parse_clauses("**ABC-1** It holds.\n", "chapter.md")


def test_selection() -> None:
    assert select_clauses(("fwd-1",)) == ["FWD-1"]
    assert select_clauses(("BID", "BID-1"))[0] == "BID-1"
    assert select_clauses(()) == list(all_clauses())
    with pytest.raises(BadInput, match=r"expected a clause such as MOD-1 or one of the chapters.*got 'XYZ'"):
        select_clauses(("XYZ",))
