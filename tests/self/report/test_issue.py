"""The text of an issue: what a failure left, in the form that each framework's makers ask for."""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from docs import ROOT
from helpers import random_case, random_cell

from rnn_adapters.framework import Framework
from rnn_adapters.registry import known_adapters, load_framework
from rnn_conformance.cli import main
from rnn_conformance.engine.case import SavedCase, to_data, write_case
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.deviations import read_deviations
from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import AdapterResult, Finding, Outcome
from rnn_conformance.report.issue import Issue, issue_of, system, written
from rnn_conformance.report.upstream import Report, reports, write_index
from rnn_conformance.running.messages import Job
from rnn_conformance.running.recording import Answer, Recorder
from rnn_reference import BadInput

CASE = to_data(random_case(random_cell(1, 1)))
SAVED = SavedCase(
    "FWD-2",
    CASE,
    adapter="torch",
    versions={"torch": "2.13.0"},
    kind="value",
    message="sequence output: 1 wrong:\n  value 1",
)


def failure(folder: Path, script: str = "print(1)\n") -> Path:
    path = folder / "failure.json"
    write_case(path, SAVED)
    if script:
        path.with_suffix(".py").write_text(script, encoding="utf-8")
    return path


def test_an_issue_says_what_was_found_and_how_to_see_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["report-bug", str(failure(tmp_path)), "--since", "2.10"])
    assert done.exit_code == 0, done.output
    for words in (
        "# sequence output: 1 wrong\n",
        "🐛 Describe the bug",
        "```python\nprint(1)\n```",
        "(FWD-2 of rnn-conformance",
        "Since torch 2.10.",
        "### Versions\n\ntorch 2.13.0",
    ):
        assert words in done.output
    assert "\n\n\n" not in done.output


def test_links_of_the_spec_lead_nowhere_in_a_tracker(tmp_path: Path) -> None:
    assert "](23-types.md)" in all_clauses()["NUM-5"].text
    text = written(replace(issue_of(failure(tmp_path), SAVED), clause="NUM-5"))
    assert "a chapter of their own (Types)." in text


def test_the_system_is_named_without_the_build_of_its_kernel() -> None:
    assert platform.system() in system() or platform.system() == "Darwin"  # which is called macOS
    assert platform.system() != "Linux" or platform.release() not in system()


def test_without_a_script_it_says_how_to_run_the_case(tmp_path: Path) -> None:
    path = failure(tmp_path, script="")
    text = written(issue_of(path, SAVED))
    assert f"rnn-conformance run --adapter torch --case {path}" in text
    assert "No script of the framework alone shows it" in text


def test_a_file_that_does_not_say_what_was_found_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="it does not say what was found"):
        issue_of(tmp_path / "case.json", SavedCase("FWD-2", CASE))


FRAMEWORKS = [load_framework(name) for name in known_adapters()]


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda framework: framework.name)
def test_every_form_takes_all_there_is_to_tell(framework: Framework) -> None:
    issue = Issue(
        "a title", "FWD-2", {"it": "1.0"}, "found", "script()", "Since it 1.0.", "a cause", ["a link"]
    )
    text = written(issue, framework.bug_report)
    assert re.match(r"# (\[\w+\] )?a title\n", text)
    for words in (
        "it 1.0",
        "found",
        "script()",
        "Since it 1.0.",
        "a cause",
        "See a link",
        "FWD-2",
    ):
        assert words in text


def test_a_run_leaves_the_script_beside_the_case_and_takes_it_away_again(tmp_path: Path) -> None:
    answer = Answer(Job("reference", ["FWD-1"]))
    recorder = Recorder(tmp_path, answer)
    result = AdapterResult(
        adapter="reference",
        asked_for="reference",
        versions={"numpy": "1"},
        suite_version="1",
        spec_version="1",
        environment=Environment(),
        profile="quick",
        seed=0,
        started="",
    )
    finding = Finding(kind="value", message="wrong", case=CASE, script="print(2)\n")
    outcome = Outcome(clause="FWD-1", title="", verdict="fail", findings=[finding])
    recorder.record(result, outcome)
    path = answer.cases["FWD-1", 0].with_suffix(".py")
    assert path.read_text(encoding="utf-8") == "print(2)\n"
    recorder.record(result, Outcome(clause="FWD-1", title="", verdict="pass"))
    assert not path.exists()


def test_no_report_is_left_of_a_record_that_is_gone() -> None:
    kept = {path.stem for path in (ROOT / "upstream").iterdir()} - {"README"}
    assert len(kept) > 250
    records = (ROOT / "adapters" / "rnn_adapters").glob("*/deviations.toml")
    assert kept <= {record.id for path in records for record in read_deviations(str(path))}


def test_reports_are_those_of_known_deviations(tmp_path: Path) -> None:
    found: list[Report] = list(reports("reference"))
    assert not found
    (tmp_path / "one.md").write_text("# what happens\n", encoding="utf-8")
    write_index(tmp_path)
    assert "| [one](one.md) | what happens |" in (tmp_path / "README.md").read_text(encoding="utf-8")
