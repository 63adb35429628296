"""The documents speak in the terms of the glossary."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs import documents

INSTEAD = {
    r"ways? in(to)?\b(?! which)|usual way": "route, default route",
    r"steps? (is |are |was |were )?(not )?taken": "masked or valid time step",
    r"(padded|masked|valid) steps?\b": "masked or valid time step",
    r"rows of (different|variable) length": "variable-length sequences",
    r"costly|costs much": "expensive",
    r"cry out|for nothing": "false alarm",
    r"incoming gradients?|gradients? that comes? in": "cotangents",
    r"fresh (weights|layers)": "freshly initialised",
    r"share noticed": "detection rate",
    r"\btimesteps?\b|\btime-steps?\b": "time step",
    r"\bhidden vectors?\b": "state",
    r"\bnon-?linearit(y|ies)\b(?!=)": "activation",
    r"\bnets?\b": "network",
    r"\bhalf precision\b": "float16",
}
RECORDS = re.compile(r"<!-- generated: deviations_.*?<!-- end -->", re.DOTALL)
"""The words of records, which are those of their framework."""


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_words(path: Path) -> None:
    assert wrong_words(path.read_text(encoding="utf-8")) == []


def wrong_words(markdown: str) -> list[str]:
    """The words of a document for which there is a term."""
    text = " ".join(RECORDS.sub("", markdown).split())
    found = {term: re.search(words, text, re.IGNORECASE) for words, term in INSTEAD.items()}
    return [f"{each[0]!r}: the term is {term}" for term, each in found.items() if each is not None]


def test_words_for_which_there_is_a_term_are_found() -> None:
    assert wrong_words("At masked\nsteps it is costly.") == [
        "'masked steps': the term is masked or valid time step",
        "'costly': the term is expensive",
    ]
