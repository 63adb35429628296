"""One that crashes, hangs or lies harms only itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnn_conformance.engine.results import AdapterResult
from rnn_conformance.running.messages import Checked, Event, Job
from rnn_conformance.running.process import run_adapter
from rnn_reference import BadInput


@pytest.fixture(autouse=True)
def _in_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])  # where broken_adapters lies


def verdicts(result: AdapterResult) -> dict[str, str]:
    return {outcome.clause: outcome.verdict for outcome in result.outcomes}


def run(adapter: str, *clauses: str, timeout: float = 60.0) -> AdapterResult:
    return run_adapter(Job(f"broken_adapters:{adapter}", list(clauses)), timeout)


def test_a_crash_fails_the_check_it_happens_in_and_the_others_are_performed() -> None:
    result = run("Crashes", "FWD-1", "NUM-3", "FWD-2")
    assert verdicts(result) == {"FWD-1": "fail", "NUM-3": "pass", "FWD-2": "fail"}
    (finding,) = result.outcomes[0].findings
    assert finding.kind == "crashed"
    assert "by signal 11 (SIGSEGV)" in finding.message
    assert "broken_adapters.py" in finding.message
    assert finding.case is not None
    assert "time 1" in finding.shown_case


def test_an_exit_fails_the_check_it_happens_in() -> None:
    result = run("Exits", "SEQ-1", "SEQ-2", "NUM-3")
    assert verdicts(result) == {"SEQ-1": "pass", "SEQ-2": "fail", "NUM-3": "pass"}
    (finding,) = result.outcomes[1].findings
    assert "with exit status 3" in finding.message
    assert "| leaving" in finding.message


def test_a_hang_is_stopped() -> None:
    result = run("Hangs", "SEQ-1", "SEQ-2", "NUM-3", timeout=5)
    assert verdicts(result) == {"SEQ-1": "pass", "SEQ-2": "fail", "NUM-3": "pass"}
    (finding,) = result.outcomes[1].findings
    assert "gave no sign for 5 s" in finding.message
    assert finding.case is not None


def test_what_is_raised_is_told_with_the_smallest_case() -> None:
    (outcome,) = run("Raises", "FWD-1").outcomes
    finding = outcome.findings[0]
    assert "run raised RuntimeError: one step is not enough" in finding.message
    assert "time 1, input 1, hidden 1" in finding.shown_case


def test_an_answer_that_changes_from_call_to_call_fails() -> None:
    (outcome,) = run("Flickers", "FWD-1").outcomes
    assert outcome.verdict == "fail"


def test_what_a_framework_prints_does_no_harm() -> None:
    assert verdicts(run("Prints", "FWD-1")) == {"FWD-1": "pass"}


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("FailsItsSmokeTest", "is broken: its smoke test .* raised RuntimeError: no such kernel"),
        ("ReturnsNone", "run must return an rnn_adapters.Output; got NoneType"),
        ("DiesOnImport", "is broken: its process ended with exit status 7 before the first check"),
        (
            "not_an_adapter",
            "expected broken_adapters:not_an_adapter to give an .*Adapter or a Framework; got str",
        ),
        ("Nothing", "could not be made from broken_adapters:Nothing: AttributeError"),
    ],
)
def test_a_broken_adapter_is_told_from_one_that_deviates(adapter: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        run(adapter, "FWD-1")


def test_events_are_told_as_they_come() -> None:
    seen: list[Event] = []
    result = run_adapter(Job("reference", ["FWD-1", "FWD-2"]), 60, seen.append)
    assert [type(event).__name__ for event in seen] == [
        "Started",
        "Checking",
        "Checked",
        "Checking",
        "Checked",
    ]
    assert [event.outcome for event in seen if isinstance(event, Checked)] == result.outcomes
    assert result.peak_memory_mib > 10
    assert 0 < result.start_up_seconds < result.seconds


def test_the_same_seed_draws_the_same_cases() -> None:
    def numbers(seed: int) -> list[tuple[int, int, float]]:
        outcomes = run_adapter(Job("reference", ["FWD-1", "BID-1"], seed=seed), 60).outcomes
        return [(o.cases, o.elements, o.worst_ratio) for o in outcomes]

    assert numbers(0) == numbers(0)
    assert numbers(0) != numbers(1)
