"""A badge in the form of shields.io's endpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from runs import result

from rnn_conformance.cli import main
from rnn_conformance.engine.results import Outcome, Verdict, write_result
from rnn_conformance.report.badge import badge


def of(*verdicts: Verdict) -> list[Outcome]:
    return [
        Outcome(clause=f"FWD-{number}", title="", verdict=verdict, elements=int(verdict == "pass"))
        for number, verdict in enumerate(verdicts, 1)
    ]


@pytest.mark.parametrize(
    ("verdicts", "message", "colour"),
    [
        (("pass", "pass", "unsupported"), "2 of 2 clauses", "brightgreen"),
        (("pass", "deviation"), "1 of 2 clauses, 1 deviate", "yellow"),
        (("pass", "deviation", "fail", "vacuous"), "1 of 4 clauses, 1 deviate, 2 fail", "red"),
        (("pass", "error"), "1 of 2 clauses, 1 fail", "red"),
        (("unsupported",), "incomplete", "lightgrey"),
    ],
)
def test_it_says_how_many(verdicts: tuple[Verdict, ...], message: str, colour: str) -> None:
    made = badge([result(*of(*verdicts))])
    assert (made.message, made.color, made.is_error) == (message, colour, colour == "red")


def test_an_interrupted_run_is_no_green_one() -> None:
    assert badge([result(*of("pass"), interrupted=True)]).color == "lightgrey"


def test_several_runs_are_one_badge(tmp_path: Path) -> None:
    paths = [
        str(write_result(tmp_path, result(*of("pass", "pass"), version=version))) for version in ("1", "2")
    ]
    target = tmp_path / "badge.json"
    done = CliRunner().invoke(main, ["badge", *paths, "-o", str(target), "--label", "mine"])
    assert done.exit_code == 0, done.output
    expected = {
        "schemaVersion": 1,
        "label": "mine",
        "message": "4 of 4 clauses",
        "color": "brightgreen",
        "isError": False,
    }
    assert json.loads(target.read_text(encoding="utf-8")) == expected
    assert json.loads(CliRunner().invoke(main, ["badge", *paths, "--label", "mine"]).output) == expected


def test_what_is_no_results_file_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    done = CliRunner().invoke(main, ["badge", str(tmp_path / "x.json")])
    assert done.exit_code == 2
    assert "expected a field schema; got none" in done.output
