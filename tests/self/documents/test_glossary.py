"""The glossary: every term once, in order, in one sentence."""

from __future__ import annotations

import re

from rnn_conformance.engine.clauses import spec_folder

TEXT = (spec_folder() / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"\*\*([^*]+)\*\*", TEXT)
ENTRIES = re.findall(r"^\*\*([^*]+)\*\*: (.+)$", TEXT, re.MULTILINE)


def test_every_term_stands_once_and_in_order() -> None:
    assert sorted(set(TERMS), key=str.lower) == TERMS


def test_every_term_has_a_sentence() -> None:
    assert [term for term, _ in ENTRIES] == TERMS
    assert [term for term, words in ENTRIES if words.count(". ") or not words.endswith(".")] == []


def test_nothing_else_stands_in_it() -> None:
    title, _, *paragraphs = TEXT.strip().split("\n\n")
    assert title == "# Glossary"
    assert len(paragraphs) == len(TERMS)


def test_it_is_linked() -> None:
    assert "](glossary.md)" in (spec_folder() / "README.md").read_text(encoding="utf-8")
