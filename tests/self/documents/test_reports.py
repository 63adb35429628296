"""Reports for makers of frameworks quote the clauses as they read today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs import ROOT

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.report.issue import LINK_OF_SPEC

QUOTED = re.compile(r"\(([A-Z]{3}-\d+) of rnn-conformance, spec/([\w.-]+)\)")


@pytest.mark.parametrize(
    "report",
    [path for path in sorted((ROOT / "upstream").glob("*.md")) if path.name != "README.md"],
    ids=lambda path: path.stem,
)
def test_a_report_quotes_its_clause(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    quoted = list(QUOTED.finditer(text))
    assert quoted, "no clause is quoted"
    for found in quoted:
        clause = all_clauses()[found[1]]
        assert found[2] == clause.file
        assert text[: found.start()].rstrip().endswith(LINK_OF_SPEC.sub(r"\1", clause.text)), clause.text
