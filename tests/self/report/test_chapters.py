"""The matrix of the README, chapters by frameworks."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs import ROOT
from msgspec.structs import replace

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.results import AdapterResult, Outcome, Verdict, results_path, write_result
from rnn_conformance.report.chapters import MARKED, cell, chapters_table, main, with_matrix
from rnn_conformance.running.jobs import run_jobs
from rnn_conformance.running.messages import Job
from rnn_reference import BadInput


@pytest.fixture(scope="module")
def result() -> AdapterResult:
    """Of a run of one clause; of the others there is what a test says."""
    (answer,) = run_jobs([Job("reference", ["FWD-1"])])
    assert answer.result is not None
    outcomes = [Outcome(clause=clause, title="", verdict="pass") for clause in all_clauses()]
    return replace(answer.result, outcomes=outcomes)


def with_verdict(result: AdapterResult, clause: str, verdict: Verdict) -> AdapterResult:
    outcomes = [
        replace(outcome, verdict=verdict) if outcome.clause.startswith(clause) else outcome
        for outcome in result.outcomes
    ]
    return replace(result, outcomes=outcomes)


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        (["pass", "pass"], "2/2"),
        (["pass", "deviation", "unsupported"], "1/2"),
        (["unsupported"], "–"),
        (["pass", "fail", "vacuous"], "1/3, 2 red"),
        ([], "–"),
    ],
)
def test_a_cell(verdicts: list[Verdict], shown: str) -> None:
    assert cell([Outcome(clause="FWD-1", title="", verdict=verdict) for verdict in verdicts]) == shown


def test_there_is_a_row_for_each_chapter(result: AdapterResult) -> None:
    others = with_verdict(with_verdict(result, "BID", "unsupported"), "FWD-2", "deviation")
    header, _, *rows = chapters_table([result, others]).splitlines()
    assert (
        header == f"| chapter | reference {result.versions['numpy']} | reference {result.versions['numpy']} |"
    )
    assert len(rows) == len({clause.file for clause in all_clauses().values()}) + 1
    count = len([clause for clause in all_clauses() if clause.startswith("FWD")])
    assert f"| [The recurrence](spec/01-recurrence.md) | {count}/{count} | {count - 1}/{count} |" in rows
    assert any(row.startswith("| [Bidirectional layers]") and row.endswith(" | – |") for row in rows)


def test_results_of_a_part_are_refused(result: AdapterResult) -> None:
    with pytest.raises(BadInput, match="expected every clause; got none of MOD-1"):
        chapters_table([replace(result, outcomes=result.outcomes[1:])])


def test_it_is_written_where_there_is_a_place(result: AdapterResult, tmp_path: Path) -> None:
    write_result(tmp_path, result)
    document = tmp_path / "README.md"
    document.write_text("before\n<!-- generated: chapters -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    main([str(results_path(tmp_path, result)), "--write", str(document)])
    assert document.read_text(encoding="utf-8") == with_matrix(
        "before\n<!-- generated: chapters --><!-- end -->\nafter\n".replace("--><!--", "-->\n<!--"),
        chapters_table([result]),
    )
    document.write_text("no place\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        main([str(results_path(tmp_path, result)), "--write", str(document)])


def test_the_readme_has_every_chapter() -> None:
    found = MARKED.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    assert all(f"](spec/{clause.file}) |" in found[0] for clause in all_clauses().values())
