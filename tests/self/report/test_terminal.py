"""What is said of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from rnn_conformance.engine.environment import Environment
from rnn_conformance.engine.results import AdapterResult, Finding, Outcome, RouteOutcome, Verdict
from rnn_conformance.report import run, terminal
from rnn_conformance.running.messages import Job
from rnn_conformance.running.recording import Answer


def result(*outcomes: Outcome, interrupted: bool = False) -> AdapterResult:
    return AdapterResult(
        adapter="mine",
        asked_for="my:Rnn",
        versions={"mine": "1.0"},
        suite_version="1",
        spec_version="1",
        environment=Environment(),
        profile="quick",
        seed=0,
        started="",
        interrupted=interrupted,
        outcomes=list(outcomes),
    )


def outcome(verdict: Verdict, elements: int = 1, routes: str = "") -> Outcome:
    words: dict[str, Verdict] = {"p": "pass", "f": "fail", "d": "deviation", "u": "unsupported"}
    made = [RouteOutcome(route=f"r{i}", verdict=words[letter]) for i, letter in enumerate(routes)]
    return Outcome(clause="FWD-1", title="", verdict=verdict, elements=elements, routes=made)


@pytest.mark.parametrize(
    ("shown", "of"),
    [
        ("pass", outcome("pass")),
        ("pass 3/3", outcome("pass", routes="ppp")),
        ("FAIL 2/9", outcome("fail", routes="pfpfppppu")),
        ("deviates", outcome("deviation")),
        ("deviates, all", outcome("deviation", elements=0)),
        ("deviates 1/2", outcome("deviation", routes="dp")),
        ("–", outcome("unsupported", elements=0)),
        ("ERROR", outcome("error")),
        ("", None),
    ],
)
def test_a_cell_says_the_worst_and_on_how_many_routes(shown: str, of: Outcome | None) -> None:
    assert terminal.cell(of).plain == shown


def test_the_matrix_says_what_is_required() -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(terminal.matrix([result(outcome("pass"))]))
    assert "requirement" in capture.get()
    assert "mine 1.0" in capture.get()


def test_every_finding_is_explained() -> None:
    of = outcome("fail")
    of.findings = [
        Finding(kind="value", message="out of bound", facts={"time": 2}, cases=3, shown_case="x = 1"),
        Finding(kind="raised", message="run raised", route="loop", likely_cause="no known fault"),
    ]
    text = terminal.explanation(result(of), of, ["once", "twice"])
    assert text.splitlines()[0] == "FWD-1 fail: mine (mine 1.0)"
    for words in (
        "1 of 2: value, on the default route, in 3 cases, where time = 2\nout of bound\n",
        "the smallest case found that shows it:\n  x = 1\nrun it again: once\n",
        "2 of 2: raised, on route loop\nrun raised\nlikely cause: no known fault\nrun it again: twice",
    ):
        assert words in text, words


def test_what_is_alike_on_several_routes_is_told_once() -> None:
    of = outcome("fail")
    of.findings = [
        Finding(kind="value", message="out of bound", route=route, shown_case="batch 1")
        for route in ("", "a", "b")
    ]
    for finding in of.findings[1:]:
        finding.shown_case = f"batch 1, route {finding.route!r}"
    text = terminal.explanation(result(of), of, ["one", "two", "three"])
    assert "value, on the default route; the same on routes a, b\nout of bound\n" in text
    assert text.count("out of bound") == 1
    assert "run it again: one\non route a: two\non route b: three" in text


def test_an_error_of_the_suite_shows_its_traceback() -> None:
    of = Outcome(
        clause="FWD-1", title="", verdict="error", reason="the suite failed", traceback="Traceback\nE"
    )
    assert "the suite failed\n  Traceback\n  E\nrun it again: x" in terminal.explanation(
        result(of), of, ["x"]
    )


def test_refused_calls_unused_records_and_warnings_are_said() -> None:
    of = outcome("pass")
    of.cases, of.refused_cases, of.unused_deviations = 20, 4, ["old"]
    of.routes = [RouteOutcome(route="loop", verdict="pass", cases=10, refused_cases=4)]
    whole = result(of)
    whole.warnings = ["close raised"]
    assert terminal.refused_lines([whole]) == ["FWD-1 mine: 4 of 20 cases: route loop 4 of 10"]
    assert terminal.warning_lines([whole]) == [
        "mine: close raised",
        "mine: the record 'old' covered no case of FWD-1",
    ]


def answer(*verdicts: Verdict, elements: int = 1, refusal: str = "") -> Answer:
    return Answer(Job("my:Rnn", []), result(*(outcome(each, elements) for each in verdicts)), refusal)


@pytest.mark.parametrize(
    ("status", "answers", "signal"),
    [
        (0, [answer("pass", "deviation", "unsupported")], 0),
        (1, [answer("pass", "fail")], 0),
        (1, [answer("fixed")], 0),
        (1, [answer("never deviated")], 0),
        (1, [answer("vacuous")], 0),
        (1, [answer("broken adapter")], 0),
        (1, [answer("unsupported", elements=0)], 0),
        (2, [answer("fail", "error")], 0),
        (2, [answer("pass"), Answer(Job("nobody", []), refusal="not known")], 0),
        (2, [answer("fail", refusal="no space left")], 0),
        (130, [answer("fail")], 2),
        (143, [], 15),
    ],
)
def test_exit_status(status: int, answers: list[Answer], signal: int) -> None:
    assert run.exit_status(answers, signal) == status


def test_commands_name_all_that_is_not_the_default(tmp_path: Path) -> None:
    of = outcome("fail")
    of.findings = [Finding(kind="value", message=""), Finding(kind="value", message="")]
    job = Job("my:Rnn", [], "fuzz", 3.0, 7, "my records.toml")
    made = Answer(job, result(of), cases={("FWD-1", 0): Path("out dir/a.json")})
    assert run.commands(made, of, Path("out dir"), 600.0, None) == [
        "rnn-conformance run --adapter my:Rnn --case 'out dir/a.json' --profile fuzz --seconds 3 --seed 7"
        " --deviations 'my records.toml' --results 'out dir'",
        "rnn-conformance run --adapter my:Rnn --clause FWD-1 --profile fuzz --seconds 3 --seed 7"
        " --deviations 'my records.toml' --results 'out dir'",
    ]
