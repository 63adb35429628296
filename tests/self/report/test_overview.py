"""The matrix over many frameworks."""

from __future__ import annotations

import configparser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from rnn_adapters.framework import Framework
from rnn_adapters.registry import built_in
from rnn_conformance.cli import main
from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import AdapterResult, Outcome, Verdict, write_result
from rnn_conformance.report.overview import cell, left_out, newest

LAST = "2026-11-26T05:00:00+00:00"


def result(adapter: str, *verdicts: Verdict, started: str = LAST) -> AdapterResult:
    return AdapterResult(
        adapter=adapter,
        asked_for=adapter,
        versions={adapter: "1.0"},
        suite_version="1",
        spec_version="1",
        environment=Environment(),
        profile="quick",
        seed=0,
        started=started,
        outcomes=[outcome(f"FWD-{number}", verdict) for number, verdict in enumerate(verdicts, 1)],
    )


def outcome(clause: str, verdict: Verdict) -> Outcome:
    return Outcome(clause=clause, title="", verdict=verdict, elements=1)


def shown(folder: Path, *options: str) -> Any:
    return CliRunner().invoke(main, ["matrix", str(folder), *options])


def test_a_cell_tells_the_worst_first_and_what_was_not_run() -> None:
    verdicts: list[Verdict] = ["pass", "deviation", "fail", "pass", "unsupported"]
    of = [*(outcome("FWD-1", verdict) for verdict in verdicts), None]
    assert cell(of).plain == "1 FAIL, 1 deviates, 2 pass, 1 not run"
    assert cell([outcome("FWD-1", "unsupported")]).plain == "–"


def test_the_newest_run_of_each_counts() -> None:
    old = result("mine", "fail", started="2026-11-25T05:00:00+00:00")
    found = newest([result("mine", "pass"), old, result("a", "pass")])
    assert [(each.adapter, each.outcomes[0].verdict) for each in found] == [("a", "pass"), ("mine", "pass")]


def test_frameworks_without_results_are_named_with_the_reason() -> None:
    make: Any = SimpleNamespace
    known = [
        Framework("there", make),
        Framework("idle", make),
        Framework("absent", make, modules=("no_such_module",), missing=lambda: ["the program 'none'"]),
        Framework("another name", make, alias=True),
    ]
    assert left_out([result("there", "pass")], known) == [
        "idle: not run, though nothing is missing here",
        "absent: missing here: no_such_module, the program 'none'",
    ]


@pytest.mark.parametrize(("verdict", "status"), [("pass", 0), ("deviation", 0), ("fail", 1), ("vacuous", 1)])
def test_the_exit_status_tells_whether_any_is_red(verdict: Verdict, status: int, tmp_path: Path) -> None:
    write_result(tmp_path, result("mine", "pass", verdict))
    write_result(tmp_path, replace(result("other", "pass"), outcomes=[outcome("BID-1", "pass")]))
    answer = shown(tmp_path)
    assert answer.exit_code == status, answer.output
    assert "mine" in answer.output
    assert "other" in answer.output
    assert "left out: reference: not run" in answer.output
    assert "left out: keras:" not in answer.output


def test_clauses_are_shown_on_request(tmp_path: Path) -> None:
    write_result(tmp_path, result("mine", "pass", "pass"))
    assert "FWD-2" not in shown(tmp_path).output
    assert "FWD-2" in shown(tmp_path, "--clauses").output


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    answer = shown(tmp_path)
    assert answer.exit_code == 2
    assert "there is none" in answer.output


def test_every_framework_has_an_environment_in_the_matrix() -> None:
    """`tox run -m all` asks all but what needs no environment."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(Path(__file__).parents[3] / "tox.ini", encoding="utf-8")

    def names(text: str) -> set[str]:
        return {name.strip() for line in text.splitlines() for name in line.split(",") if name.strip()}

    frameworks = {name for name, each in built_in().items() if not each.alias} - {"reference"}
    assert names(tox["testenv:matrix"]["depends"]) == frameworks
    assert names(tox["tox"]["labels"].partition("all =")[2]) == frameworks | {"matrix"}
