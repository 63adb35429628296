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
}


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_words(path: Path) -> None:
    text = " ".join(path.read_text(encoding="utf-8").split())
    for words, term in INSTEAD.items():
        found = re.search(words, text, re.IGNORECASE)
        assert found is None, f"{found[0]!r}: the term is {term}"
